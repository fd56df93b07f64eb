package deploy_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/dotenv"
	"github.com/stretchr/testify/require"
)

const installedAt = "/usr/local/bin/duradesk"

// units reads deploy/systemd: the settings of each, in order, by section and name.
func units(t *testing.T) map[string]map[string][]string {
	t.Helper()
	files, err := filepath.Glob("systemd/*.service")
	require.NoError(t, err)
	require.Len(t, files, 5)
	out := map[string]map[string][]string{}
	for _, file := range files {
		out[filepath.Base(file)] = unitOf(t, file)
	}
	return out
}

// unitOf reads one unit file.
func unitOf(t *testing.T, file string) map[string][]string {
	t.Helper()
	settings, section := map[string][]string{}, ""
	for line := range strings.Lines(read(t, file)) {
		line = strings.TrimSpace(line)
		switch {
		case line == "" || strings.HasPrefix(line, "#"):
		case strings.HasPrefix(line, "["):
			section = strings.Trim(line, "[]")
		default:
			name, value, found := strings.Cut(line, "=")
			require.True(t, found, "%s: %s", file, line)
			settings[section+"."+name] = append(settings[section+"."+name], value)
		}
	}
	return settings
}

// TestUnitsRunCommandsThatThereAre, with the settings that those need, from the file that is shipped as an example.
func TestUnitsRunCommandsThatThereAre(t *testing.T) {
	t.Parallel()
	commands := commandsOf(t)
	env, err := dotenv.Read("systemd/duradesk.env.example")
	require.NoError(t, err)
	require.Empty(t, env["DURADESK_SECRET_KEY"], "a value that somebody could keep")
	known := []string{"TEMPORAL_ADDRESS", "TEMPORAL_NAMESPACE"}
	for name, unit := range units(t) {
		if !strings.HasPrefix(name, "duradesk-") {
			continue // TestTemporalRunsByItsFiles
		}
		require.Len(t, unit["Service.ExecStart"], 1, name)
		words := strings.Fields(unit["Service.ExecStart"][0])
		require.Len(t, words, 2, "%s: settings stand in the environment", name)
		require.Equal(t, installedAt, words[0], name)
		settings, there := commands[words[1]]
		require.True(t, there, "%s: there is no `duradesk %s`", name, words[1])
		for variable, needed := range settings {
			known = append(known, variable)
			if needed {
				require.Contains(t, env, variable, "%s: `duradesk %s` needs it", name, words[1])
			}
		}
		require.Equal(t, []string{"/etc/duradesk/duradesk.env"}, unit["Service.EnvironmentFile"], name)
		require.Equal(t, []string{"duradesk"}, unit["Service.User"], "%s: not as root", name)
		for _, other := range append(unit["Unit.Requires"], unit["Unit.After"]...) {
			for _, o := range strings.Fields(other) {
				if strings.HasPrefix(o, "duradesk") || strings.HasPrefix(o, "temporal") {
					require.FileExists(t, filepath.Join("systemd", o), name)
				}
			}
		}
	}
	for variable := range env {
		require.True(t, slices.Contains(known, variable), "nothing reads %s", variable)
	}
}

// TestUnitsAreShutIn: all have the same walls, and those that wait for nobody to start them again do so by themselves.
func TestUnitsAreShutIn(t *testing.T) {
	t.Parallel()
	all := units(t)
	walls := func(name string) map[string][]string {
		out := map[string][]string{}
		for setting, values := range all[name] {
			for _, wall := range []string{"Protect", "Private", "Restrict", "SystemCall", "Memory", "NoNew", "Capability", "Lock", "UMask", "Proc", "RemoveIPC"} {
				if strings.HasPrefix(setting, "Service."+wall) {
					out[setting] = values
				}
			}
		}
		return out
	}
	require.Greater(t, len(walls("duradesk-api.service")), 20)
	for name, unit := range all {
		require.Equal(t, walls("duradesk-api.service"), walls(name), name)
		if unit["Service.Type"][0] != "oneshot" {
			require.Equal(t, []string{"always"}, unit["Service.Restart"], name)
			require.Equal(t, []string{"0"}, unit["Unit.StartLimitIntervalSec"], "%s: no number of failures makes it give up", name)
		}
	}
}

var program = regexp.MustCompile(`(?m)^ExecStart=\S+`)

// TestSystemdTakesTheUnits asks systemd itself, where it is installed. The program need not be.
func TestSystemdTakesTheUnits(t *testing.T) {
	t.Parallel()
	analyze, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Log("systemd is not installed here: its own look at the units is left to where it is")
		return
	}
	dir := t.TempDir()
	here, err := os.Executable()
	require.NoError(t, err)
	var files []string
	for name := range units(t) {
		text := program.ReplaceAllString(read(t, filepath.Join("systemd", name)), "ExecStart="+here)
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
		files = append(files, filepath.Join(dir, name))
	}
	out, err := exec.CommandContext(t.Context(), analyze, append([]string{"verify", "--man=no"}, files...)...).CombinedOutput()
	require.NoError(t, err, string(out))
	for line := range strings.Lines(string(out)) {
		require.NotContains(t, line, dir, "a word about our units")
	}
	// Its measure of how far a service can reach: 0 nothing, 100 everything.
	for _, file := range files {
		out, err := exec.CommandContext(t.Context(), analyze, "security", "--offline=true", "--threshold=20", file).CombinedOutput()
		require.NoError(t, err, string(out))
	}
}
