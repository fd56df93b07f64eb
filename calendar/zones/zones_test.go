package zones

import (
	"archive/zip"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestTheDataIsTheRecordedRelease: another file needs another Version here.
func TestTheDataIsTheRecordedRelease(t *testing.T) {
	t.Parallel()
	sum := sha256.Sum256([]byte(data))
	require.Equal(t, "8f55634d05f8bca1f7bc7c69c5933428c69357e0bdf565e5ba224e3f88ff12e8", hex.EncodeToString(sum[:]))
	require.Equal(t, "2025c", Version)
	require.Less(t, len(data), 500<<10)
}

func TestEveryZoneLoads(t *testing.T) {
	t.Parallel()
	names, err := Names()
	require.NoError(t, err)
	require.Greater(t, len(names), 500)
	for _, name := range append(names, "") {
		loc, err := Load(name)
		require.NoError(t, err, name)
		require.NotNil(t, loc)
	}
	for name, want := range map[string]int{"Asia/Tokyo": 9 * 3600, "Asia/Kathmandu": 20700, "Australia/Lord_Howe": 37800, "UTC": 0, "": 0} {
		loc, err := Load(name)
		require.NoError(t, err)
		_, offset := time.Date(2027, 7, 1, 0, 0, 0, 0, time.UTC).In(loc).Zone()
		require.Equal(t, want, offset, name)
	}
}

func TestUnknownZonesAreRefused(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"Local", "Asia", "Asia/", "asia/tokyo", "Asia/Tokio", "../zones.go", "/etc/localtime", " "} {
		_, err := Load(name)
		require.ErrorIs(t, err, ErrUnknown, name)
		require.ErrorContains(t, err, "Asia/Tokyo")
	}
}

// TestTheMachinesZonesAreNotUsed starts a process whose machine says that Tokyo lies in New York: the standard library
// believes it, Load does not.
func TestTheMachinesZonesAreNotUsed(t *testing.T) {
	t.Parallel()
	if os.Getenv("DURADESK_LYING_MACHINE") != "" {
		lied, err := time.LoadLocation("Asia/Tokyo")
		require.NoError(t, err)
		noon := time.Date(2027, 7, 1, 12, 0, 0, 0, time.UTC)
		require.Equal(t, "08:00", noon.In(lied).Format("15:04"), "the lie must be there, or this proves nothing")
		tokyo, err := Load("Asia/Tokyo")
		require.NoError(t, err)
		require.Equal(t, "21:00", noon.In(tokyo).Format("15:04"))
		return
	}
	dir := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(dir, "Asia"), 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "Asia", "Tokyo"), entry(t, "America/New_York"), 0o600))
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestTheMachinesZonesAreNotUsed$", "-test.v")
	cmd.Env = append(os.Environ(), "DURADESK_LYING_MACHINE=1", "ZONEINFO="+dir)
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	require.Contains(t, string(out), "--- PASS: TestTheMachinesZonesAreNotUsed")
}

func entry(t *testing.T, name string) []byte {
	t.Helper()
	archive, err := zip.NewReader(strings.NewReader(data), int64(len(data)))
	require.NoError(t, err)
	f, err := archive.Open(name)
	require.NoError(t, err)
	defer func() { require.NoError(t, f.Close()) }()
	raw, err := io.ReadAll(f)
	require.NoError(t, err)
	return raw
}
