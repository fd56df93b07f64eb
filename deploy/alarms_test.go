package deploy_test

import (
	"encoding/json"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

// query is one PromQL expression, and where it stands.
type query struct{ where, expression string }

type alarm struct {
	Alert       string            `yaml:"alert"`
	Expr        string            `yaml:"expr"`
	Labels      map[string]string `yaml:"labels"`
	Annotations map[string]string `yaml:"annotations"`
}

func alarms(t *testing.T) []alarm {
	t.Helper()
	var file struct {
		Groups []struct {
			Rules []alarm `yaml:"rules"`
		} `yaml:"groups"`
	}
	require.NoError(t, yaml.Unmarshal([]byte(read(t, "prometheus/alarms.yml")), &file))
	require.NotEmpty(t, file.Groups)
	return file.Groups[0].Rules
}

// queries are those of the alarms and of the board.
func queries(t *testing.T) []query {
	t.Helper()
	var all []query
	for _, a := range alarms(t) {
		all = append(all, query{a.Alert, a.Expr})
	}
	var board struct {
		Panels []struct {
			Title   string `json:"title"`
			Targets []struct {
				Expr string `json:"expr"`
			} `json:"targets"`
		} `json:"panels"`
	}
	require.NoError(t, json.Unmarshal([]byte(read(t, "grafana/duradesk.json")), &board))
	for _, p := range board.Panels {
		for _, target := range p.Targets {
			all = append(all, query{p.Title, target.Expr})
		}
	}
	require.Greater(t, len(all), 25)
	return all
}

var (
	metricName = regexp.MustCompile(`\b(?:duradesk|temporal|process|go)_[a-z0-9_]+`)
	ourNames   = regexp.MustCompile(`describe\("([a-z_]+)"|Name: "duradesk_([a-z_]+)"`)
	sdkNames   = regexp.MustCompile(`TemporalMetricsPrefix \+ "([a-z_]+)"`)
	suffix     = regexp.MustCompile(`(_seconds)?_(bucket|count|sum)$`)
)

// TestEveryQueryNamesFiguresThatAreTold holds alarms and board to the code that tells the figures.
func TestEveryQueryNamesFiguresThatAreTold(t *testing.T) {
	t.Parallel()
	told := map[string]bool{"process_resident_memory_bytes": true, "process_cpu_seconds_total": true}
	for _, file := range []string{"../cmd/duradesk/figures.go", "../api/metrics.go"} {
		for _, found := range ourNames.FindAllStringSubmatch(read(t, file), -1) {
			told["duradesk_"+found[1]+found[2]] = true
		}
	}
	sdk, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "go.temporal.io/sdk").Output()
	require.NoError(t, err)
	for _, found := range sdkNames.FindAllStringSubmatch(read(t, filepath.Join(strings.TrimSpace(string(sdk)), "internal/common/metrics/constants.go")), -1) {
		told["temporal_"+found[1]] = true
	}
	require.Greater(t, len(told), 50, "the names were not found in the code")
	for _, q := range queries(t) {
		named := metricName.FindAllString(q.expression, -1)
		require.NotEmpty(t, named, q.where)
		for _, name := range named {
			require.True(t, told[name] || told[suffix.ReplaceAllString(name, "$1")] || told[suffix.ReplaceAllString(name, "")],
				"%s asks for %s, which nobody tells", q.where, name)
		}
	}
}

// TestEveryAlarmHasItsPage: whoever is woken finds under the alarm's name what it means and what to do.
func TestEveryAlarmHasItsPage(t *testing.T) {
	t.Parallel()
	guide := read(t, "../docs/operators.md")
	for _, a := range alarms(t) {
		require.Contains(t, guide, "\n### "+a.Alert+"\n", "docs/operators.md does not say what to do")
		require.Equal(t, "docs/operators.md#"+strings.ToLower(a.Alert), a.Annotations["runbook"])
		require.NotEmpty(t, a.Annotations["summary"], a.Alert)
		require.Contains(t, []string{"page", "morning"}, a.Labels["severity"], a.Alert)
	}
}
