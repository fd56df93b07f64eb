package main

import (
	"bytes"
	"maps"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/alecthomas/kong"
	"github.com/stretchr/testify/require"

	"duradesk/lifecycle"
	"duradesk/ticket"
)

func TestRulesPrintsTheDocument(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	require.NoError(t, RulesCmd{}.run(&out, lifecycle.Book(), lifecycle.Processes()...))
	require.Contains(t, out.String(), "stateDiagram-v2")
	require.Contains(t, out.String(), "| `agent-response` |")
	for _, p := range lifecycle.Processes() {
		require.Contains(t, out.String(), "# The process \""+p.Name+"\"")
	}
	require.ErrorContains(t, RulesCmd{Process: "tea"}.Run(), "use inquiry, issue or incident")
}

func TestRulesWriteTheDocumentOnce(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "docs", "lifecycle.md")
	require.NoError(t, RulesCmd{Write: path}.run(nil, lifecycle.Book()))
	written, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, lifecycle.Book(), string(written))

	old := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	require.NoError(t, os.Chtimes(path, old, old))
	require.NoError(t, RulesCmd{Write: path}.run(nil, lifecycle.Book()))
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.True(t, info.ModTime().Equal(old), "an unchanged document is left alone")
}

func TestRulesCheckTellsTheStoryOfABrokenLaw(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	require.NoError(t, RulesCmd{Check: true}.run(&out, lifecycle.Book(), lifecycle.Processes()...))
	require.Contains(t, out.String(), "holds  left_alone")

	out.Reset()
	broken := &lifecycle.Table{Name: "broken", Rules: lifecycle.Inquiry.Rules, Clocks: maps.Clone(lifecycle.Inquiry.Clocks)}
	broken.Clocks[ticket.Spam] = lifecycle.ClockRow{}
	require.ErrorIs(t, RulesCmd{Check: true}.run(&out, "", broken), errBroken)
	require.Contains(t, out.String(), "left_alone: a ticket in spam that is left alone ends in spam, where nobody looks\n  1. a client writes: it is new\n  2. ")
}

func TestRulesFlags(t *testing.T) {
	t.Parallel()
	var cli struct {
		Rules RulesCmd `cmd:""`
	}
	parser, err := kong.New(&cli)
	require.NoError(t, err)
	_, err = parser.Parse([]string{"rules", "--check"})
	require.NoError(t, err)
	require.True(t, cli.Rules.Check)
	_, err = parser.Parse([]string{"rules", "--check", "--write", "x.md"})
	require.ErrorContains(t, err, "--check")
}
