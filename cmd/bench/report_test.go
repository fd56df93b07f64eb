package main

import (
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestALineIsJudgedByTheMedianOfItsPairs(t *testing.T) {
	t.Parallel()
	slow := row{name: "latency", unit: "ms", product: []float64{10, 30, 12}, bare: []float64{10, 10, 10}, target: target{ratio: 1.5, words: "≤ 1.5 L"}}
	require.Equal(t, []float64{1, 3, 1.2}, slow.ratios())
	require.Equal(t, "holds", slow.verdict(), "one bad round does not decide")
	slow.product = []float64{16, 30, 12}
	require.Equal(t, "missed", slow.verdict())

	fast := row{name: "rate", better: higher, product: []float64{100, 130}, bare: []float64{200, 200}, target: target{ratio: 0.5, figure: 120}}
	require.Equal(t, "missed", fast.verdict(), "the ratio holds, the figure does not")
	fast.product = []float64{140, 130}
	require.Equal(t, "holds", fast.verdict())
	require.Equal(t, "-", (&row{product: []float64{1}}).verdict(), "what has no target is not judged")

	lost := row{name: "lost", product: []float64{0}, target: target{none: true}}
	require.Equal(t, "holds", lost.verdict())
	lost.product = []float64{1}
	require.Equal(t, "missed", lost.verdict(), "one is too many")
}

func TestAReportHasAPlotForEachLine(t *testing.T) {
	t.Parallel()
	rows := []row{
		{name: "action → receipt, p50", unit: "ms", product: []float64{9, 10}, bare: []float64{6, 7}, limit: "a <bare> limit", target: target{ratio: 1.5, words: "≤ 1.5 L"}},
		{name: "memory & rest", unit: "MB", product: []float64{50}, note: "at rest"},
	}
	file := filepath.Join(t.TempDir(), "benchmarks.md")
	require.NoError(t, writeReport(options{Write: file, Rounds: 2, Part: 1}, rows))
	report, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Contains(t, string(report), "| action → receipt, p50 | ms | 9.50 | 9.00 | 10.0 | 6.50 | 1.46 | 1.43 | 1.50 | ≤ 1.5 L | holds |")
	for _, plot := range []string{"action-to-receipt-p50.svg", "memory-rest.svg"} {
		require.Contains(t, string(report), "](benchmarks/"+plot+")")
		picture, err := os.ReadFile(filepath.Join(strings.TrimSuffix(file, ".md"), plot))
		require.NoError(t, err)
		for decoder := xml.NewDecoder(strings.NewReader(string(picture))); ; {
			if _, err := decoder.Token(); errors.Is(err, io.EOF) {
				break
			} else {
				require.NoError(t, err, "%s is not well formed", plot)
			}
		}
	}
}

func TestSettingsAreReadAsUpWritesThem(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "env")
	require.NoError(t, os.WriteFile(file, []byte("DURADESK_HTTP_ADDR='127.0.0.1:1'\nDURADESK_SECRET_KEY='it'\\''s=so'\n"), 0o600))
	settings, err := readSettings(file)
	require.NoError(t, err)
	require.Equal(t, map[string]string{"DURADESK_HTTP_ADDR": "127.0.0.1:1", "DURADESK_SECRET_KEY": "it's=so"}, settings)
}

func TestALineThatIsNotThereIsNamed(t *testing.T) {
	t.Parallel()
	err := run(t.Context(), options{Only: []string{"mail", "commands"}}, io.Discard, io.Discard)
	require.ErrorContains(t, err, "--only commands: no line begins so; there are memory, latency")
}
