package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestNewEnough(t *testing.T) {
	t.Parallel()
	for version, want := range map[string]bool{
		"1.32.1": true, "1.32.10": true, "1.33.0": true, "2.0.0": true, "1.32.0": false, "1.9.9": false, "0.99.99": false,
	} {
		require.Equal(t, want, newEnough(version), version)
	}
}

func TestTemporalCLIGetsTheSettingsThatOursHas(t *testing.T) {
	t.Parallel()
	a := addresses{temporal: "127.0.0.1:7233", temporalUI: "[::1]:8233"}
	cli := strings.Join(temporalBinary{}.arguments(a, "default", "/state/t.db"), " ")
	require.Contains(t, cli, "server start-dev --ip 127.0.0.1 --port 7233 --ui-ip ::1 --ui-port 8233 --db-filename /state/t.db")
	require.Contains(t, cli, "--dynamic-config-value history.transferProcessorMaxPollRPS=10000")
	ours := strings.Join(temporalBinary{ours: true}.arguments(a, "desk", "/state/t.db"), " ")
	require.NotContains(t, ours, "--dynamic-config-value")
	require.Contains(t, ours, "--namespace desk")
}

func TestInspectTemporal(t *testing.T) {
	t.Parallel()
	binary, err := inspectTemporal(t.Context(), fakeTemporal)
	require.NoError(t, err)
	require.Equal(t, "1.32.1", binary.version)
	require.False(t, binary.ours)
	_, err = inspectTemporal(t.Context(), "/bin/echo")
	require.ErrorContains(t, err, "names no server")
}

// module writes a Go module in the place of devserver/: its program says what our server says.
func module(t *testing.T, program string) string {
	t.Helper()
	dir := t.TempDir()
	mod := "module duradesk/devserver\n\ngo 1.26\n"
	require.NoError(t, os.WriteFile(filepath.Join(dir, "go.mod"), []byte(mod), 0o644))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "main.go"), []byte(program), 0o644))
	return dir
}

const speaker = `package main

import "fmt"

func main() { fmt.Println("temporal version duradesk-devserver (Server 1.32.1, UI 2.54.1)") }
`

func TestBuildPutsAWholeBinaryInPlace(t *testing.T) {
	t.Parallel()
	var said strings.Builder
	built := filepath.Join(t.TempDir(), "devserver")
	require.NoError(t, buildTemporal(t.Context(), module(t, speaker), built, newPrinter(&said)))
	require.Contains(t, said.String(), "about five minutes")
	require.Contains(t, said.String(), "Built the Temporal server in")
	binary, err := inspectTemporal(t.Context(), built)
	require.NoError(t, err)
	require.True(t, binary.ours)
}

func TestBuildThatFailsSaysWhyAndLeavesNothing(t *testing.T) {
	t.Parallel()
	built := filepath.Join(t.TempDir(), "devserver")
	err := buildTemporal(t.Context(), module(t, "package main\n\nfunc main() { undefinedThing() }\n"), built, newPrinter(new(strings.Builder)))
	require.ErrorContains(t, err, "undefined: undefinedThing")
	left, err := filepath.Glob(built + "*")
	require.NoError(t, err)
	require.Empty(t, left)
}

func TestSourcesAreDescribedByTheirContent(t *testing.T) {
	t.Parallel()
	sources, err := devserverSources()
	require.NoError(t, err)
	version, sum, err := describeSources(sources)
	require.NoError(t, err)
	require.Regexp(t, `^\d+\.\d+\.\d+$`, version)

	copied := filepath.Join(t.TempDir(), "devserver")
	require.NoError(t, exec.Command("cp", "-r", sources, copied).Run())
	_, same, err := describeSources(copied)
	require.NoError(t, err)
	require.Equal(t, sum, same)
	require.NoError(t, os.WriteFile(filepath.Join(copied, "more.go"), []byte("package main\n"), 0o644))
	_, other, err := describeSources(copied)
	require.NoError(t, err)
	require.NotEqual(t, sum, other)
}

func TestProgressTellsWhatTheGoCommandDoes(t *testing.T) {
	t.Parallel()
	b := &buildProgress{about: 3}
	require.Contains(t, b.state(), "0 modules fetched")
	b.follow(strings.NewReader("go: downloading example.com/a v1.0.0\nexample.com/a\nexample.com/a/b\n"))
	require.Contains(t, b.state(), "compiled 2 of about 3 packages")
	b.follow(strings.NewReader("example.com/c\n# example.com/c\nmain.go:3:4: broken\n"))
	require.Contains(t, b.state(), "compiled 3 packages, linking")
	require.Equal(t, "# example.com/c; main.go:3:4: broken", b.complaint())
	_, _ = b.list([]byte("one\n\ntwo"))
	_, _ = b.list([]byte("\n\n"))
	require.Equal(t, 2, b.listed)
}
