package main

import (
	"net"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// Each refusal is one line, exit code 1, and nothing is left behind that runs.
func TestUpRefuses(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, []byte("mine"), 0o644))
	busy := listening(t)
	_, busyPort, _ := net.SplitHostPort(busy)
	free := "127.0.0.1:1" // nobody listens there
	cases := map[string]struct {
		args, env []string
		dir, want string
	}{
		"unknown part":         {args: []string{"--without=redis"}, want: "--without redis: there is no such part; the parts are postgres,"},
		"unknown flag":         {args: []string{"--fish"}, want: "unknown flag --fish"},
		"http taken":           {args: []string{"--http=" + busy}, want: "port " + busyPort + " is taken (--http " + busy + ")"},
		"temporal taken":       {args: []string{"--temporal=" + busy}, want: "port " + busyPort + " is taken (--temporal " + busy + ")"},
		"temporal ui taken":    {args: []string{"--temporal-ui=" + busy}, want: "port " + busyPort + " is taken (--temporal-ui " + busy + ")"},
		"smtp taken":           {args: []string{"--smtp=" + busy}, want: "port " + busyPort + " is taken (--smtp " + busy + ")"},
		"imap taken":           {args: []string{"--imap=" + busy}, want: "port " + busyPort + " is taken (--imap " + busy + ")"},
		"one port for two":     {args: []string{"--smtp=127.0.0.1:41025", "--imap=127.0.0.1:41025"}, want: "(--imap 127.0.0.1:41025)"},
		"no address":           {args: []string{"--http=8080"}, want: "--http 8080: not an address"},
		"address of another":   {args: []string{"--http=192.0.2.1:80"}, want: "--http 192.0.2.1:80: cannot listen there"},
		"dir below a file":     {dir: filepath.Join(file, "state"), want: "not a directory; choose another --dir"},
		"dir of somebody else": {dir: filepath.Dir(file), want: "is not empty and not a state directory of `duradesk up` (it holds file)"},
		"fresh there too":      {dir: filepath.Dir(file), args: []string{"--fresh"}, want: "is not empty and not a state directory"},
		"database away": {
			env:  []string{"DURADESK_DATABASE_URL=postgres://me:hush@" + free + "/desk"},
			want: "DURADESK_DATABASE_URL: the database cannot be used",
		},
		"database malformed": {
			env:  []string{"DURADESK_DATABASE_URL=postgres://me:hush@host:port:1/desk"},
			want: "DURADESK_DATABASE_URL: the database cannot be used",
		},
		"no postgres": {env: []string{"DURADESK_POSTGRES_BIN=/nowhere"}, want: "DURADESK_POSTGRES_BIN: no initdb in /nowhere"},
		"no temporal": {env: []string{"DURADESK_TEMPORAL_BIN=/nowhere"}, want: "DURADESK_TEMPORAL_BIN: ask /nowhere for its version"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := c.dir
			if dir == "" {
				dir = filepath.Join(t.TempDir(), "state")
			}
			cmd := upCommandLine(dir, c.args...)
			// The Temporal server is not built for a refusal.
			cmd.Env = append(cmd.Env, "DURADESK_TEMPORAL_BIN="+fakeTemporal)
			cmd.Env = append(cmd.Env, c.env...)
			said := fails(t, cmd)
			require.Contains(t, said, c.want)
			require.NotContains(t, said, "hush", "no password in an error")
			left, err := filepath.Glob(filepath.Join(dir, "run", "*"))
			require.NoError(t, err)
			require.Empty(t, left)
		})
	}
	content, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, "mine", string(content))
}

func TestFreshRemovesOurOwnStateAlone(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "state")
	require.NoError(t, claimState(dir))
	require.NoError(t, claimState(dir), "a directory of ours is recognised")
	for _, name := range append([]string{"notes"}, stateNames...) {
		require.NoError(t, os.MkdirAll(filepath.Join(dir, name, "more"), 0o755))
	}
	require.NoError(t, startRemoval(dir))
	require.NoError(t, finishRemoval(dir))
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	var left []string
	for _, entry := range entries {
		left = append(left, entry.Name())
	}
	require.Equal(t, []string{stateMarker, "notes"}, left)
}

func TestSecretsAreKept(t *testing.T) {
	t.Setenv("DURADESK_SECRET_KEY", "")
	t.Setenv("DURADESK_BOOTSTRAP_TOKEN", "")
	dir := t.TempDir()
	first, err := secrets(dir)
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(first["DURADESK_SECRET_KEY"]), 32)
	again, err := secrets(dir)
	require.NoError(t, err)
	require.Equal(t, first, again)
	info, err := os.Stat(filepath.Join(dir, "secrets"))
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())

	t.Setenv("DURADESK_BOOTSTRAP_TOKEN", "given")
	given, err := secrets(dir)
	require.NoError(t, err)
	require.Equal(t, "given", given["DURADESK_BOOTSTRAP_TOKEN"])
	require.Equal(t, first["DURADESK_SECRET_KEY"], given["DURADESK_SECRET_KEY"])
}

func TestSettingsOfAnotherTemporalDoNotReachOurs(t *testing.T) {
	t.Setenv("TEMPORAL_API_KEY", "for the cloud")
	t.Setenv("TEMPORAL_ADDRESS", "")
	u := &up{upCommand: upCommand{Dir: t.TempDir()}, addresses: addresses{temporal: "0.0.0.0:7233", temporalUI: "127.0.0.1:8233"}}
	require.NoError(t, u.decideSettings())
	require.NotContains(t, u.env, "TEMPORAL_API_KEY=for the cloud")
	require.Contains(t, u.env, "TEMPORAL_ADDRESS=127.0.0.1:7233")
	require.Contains(t, u.env, "TEMPORAL_NAMESPACE=default")
	require.Contains(t, u.env, "DURADESK_TEMPORAL_UI_URL=http://127.0.0.1:8233")

	t.Setenv("TEMPORAL_ADDRESS", "cloud.example:7233")
	u.addresses.temporal = "cloud.example:7233"
	require.NoError(t, u.decideSettings())
	require.Contains(t, u.env, "TEMPORAL_API_KEY=for the cloud")
	require.Contains(t, u.env, "TEMPORAL_ADDRESS=cloud.example:7233")
}

func TestSettingsFileKeepsEveryValue(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "settings")
	settings := map[string]string{"PLAIN": "a", "QUOTED": `it's "so" $HOME & more`, "EMPTY": ""}
	require.NoError(t, writeSettings(file, settings))
	kept, err := readSettings(file)
	require.NoError(t, err)
	require.Equal(t, settings, kept)
}

func TestRemovalThatWasCutShortIsFinished(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "state")
	require.NoError(t, claimState(dir))
	kept := filepath.Join(dir, "temporal")
	require.NoError(t, os.Mkdir(kept, 0o755))
	require.NoError(t, finishRemoval(dir))
	require.DirExists(t, kept, "nobody asked for a removal")
	require.NoError(t, startRemoval(dir))
	require.NoError(t, finishRemoval(dir))
	require.NoDirExists(t, kept)
	require.NoError(t, os.Mkdir(kept, 0o755))
	require.NoError(t, finishRemoval(dir))
	require.DirExists(t, kept, "the removal is over")
}
