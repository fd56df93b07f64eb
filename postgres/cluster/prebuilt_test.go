package cluster

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// shelf is a repository that holds the files of the Postgres installed here, in the published layout.
type shelf struct {
	files map[string][]byte
	asked map[string]int
}

func (s *shelf) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.asked[r.URL.Path]++
	content, ok := s.files[r.URL.Path]
	if !ok {
		http.NotFound(w, r)
		return
	}
	_, _ = w.Write(content)
}

func jarPath(version string) string {
	name := "embedded-postgres-binaries-" + platform()
	return fmt.Sprintf("/io/zonky/test/postgres/%s/%s/%s-%s.jar", name, version, name, version)
}

func newShelf(t *testing.T, version string, entries []tar.Header, contents map[string][]byte) (*shelf, string) {
	t.Helper()
	var archive bytes.Buffer
	rolls := tar.NewWriter(&archive)
	for _, entry := range entries {
		entry.Size = int64(len(contents[entry.Name]))
		require.NoError(t, rolls.WriteHeader(&entry))
		_, err := rolls.Write(contents[entry.Name])
		require.NoError(t, err)
	}
	require.NoError(t, rolls.Close())

	var jar bytes.Buffer
	box := zip.NewWriter(&jar)
	manifest, err := box.Create("META-INF/MANIFEST.MF")
	require.NoError(t, err)
	_, _ = io.WriteString(manifest, "Manifest-Version: 1.0\n")
	// Stored: what lies in it is compressed, and compressing once more is slow under the race detector.
	packed, err := box.CreateHeader(&zip.FileHeader{Name: "postgres.txz", Method: zip.Store})
	require.NoError(t, err)
	_, _ = packed.Write(storedXZ(archive.Bytes()))
	require.NoError(t, box.Close())

	s := &shelf{files: map[string][]byte{jarPath(version): jar.Bytes()}, asked: map[string]int{}}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	return s, server.URL
}

func (s *shelf) publishSum(version string, kind string) {
	jar := s.files[jarPath(version)]
	sum256, sum1 := sha256.Sum256(jar), sha1.Sum(jar)
	sums := map[string]string{"sha256": hex.EncodeToString(sum256[:]), "sha1": hex.EncodeToString(sum1[:])}
	s.files[jarPath(version)+"."+kind] = []byte(sums[kind])
}

// installed gives the programs of the Postgres that is installed here, as an archive would hold them.
func installed(t *testing.T) (int, []tar.Header, map[string][]byte) {
	t.Helper()
	found, err := Find(t.Context(), 0)
	require.NoError(t, err)
	var entries []tar.Header
	contents := map[string][]byte{}
	libraries, err := exec.Command(found.path("pg_config"), "--pkglibdir").Output()
	require.NoError(t, err)
	for name, place := range map[string]string{
		"bin/initdb":           found.path("initdb"),
		"bin/postgres":         found.path("postgres"),
		"lib/dict_snowball.so": filepath.Join(strings.TrimSpace(string(libraries)), "dict_snowball.so"),
		"lib/plpgsql.so":       filepath.Join(strings.TrimSpace(string(libraries)), "plpgsql.so"),
	} {
		content, err := os.ReadFile(place)
		require.NoError(t, err)
		contents[name] = content
		entries = append(entries, tar.Header{Name: name, Mode: 0o755, Typeflag: tar.TypeReg})
	}
	entries = append(entries,
		tar.Header{Name: "bin/postmaster", Linkname: "postgres", Typeflag: tar.TypeSymlink},
		tar.Header{Name: "./bin/initdb-again", Linkname: "./bin/initdb", Typeflag: tar.TypeLink})
	return found.Major, entries, contents
}

func TestPrebuiltBinariesAreFetchedOnceAndRun(t *testing.T) {
	t.Parallel()
	major, entries, contents := installed(t)
	version := prebuilt[major]
	s, address := newShelf(t, version, entries, contents)
	s.publishSum(version, "sha1")
	dir := publicDir(t)
	var said strings.Builder
	require.NoError(t, fetchInto(t.Context(), dir, address+"/", major, &said))
	require.Contains(t, said.String(), "fetching prebuilt binaries of version "+version)
	require.NoError(t, fetchInto(t.Context(), dir, address, major, io.Discard))
	require.Equal(t, 1, s.asked[jarPath(version)], "the second time there is nothing to fetch")

	for _, link := range []string{"postmaster", "initdb-again"} {
		require.FileExists(t, filepath.Join(dir, version, "bin", link))
	}
	served := run(t, filepath.Join(publicDir(t), "postgres"), func(cmd *exec.Cmd) {
		cmd.Env = append(cmd.Env, "DURADESK_POSTGRES_BIN="+filepath.Join(dir, version, "bin"))
	})
	exe, err := os.Readlink(fmt.Sprintf("/proc/%d/exe", served.pid))
	require.NoError(t, err)
	require.Equal(t, filepath.Join(dir, version, "bin", "postgres"), exe)
	served.stop(t)
}

func TestFetchRefusesWhatIsNotSound(t *testing.T) {
	t.Parallel()
	harmless := []tar.Header{{Name: "bin/postgres", Mode: 0o755, Typeflag: tar.TypeReg}}
	outside := []tar.Header{{Name: "../outside", Mode: 0o755, Typeflag: tar.TypeReg}}
	linked := []tar.Header{
		{Name: "lib", Linkname: "/tmp", Typeflag: tar.TypeSymlink},
		{Name: "lib/outside", Mode: 0o755, Typeflag: tar.TypeReg},
	}
	version := prebuilt[newest]
	cases := map[string]struct {
		entries []tar.Header
		damage  func(*shelf)
		want    string
	}{
		"no checksum":       {harmless, func(*shelf) {}, "no checksum"},
		"wrong checksum":    {harmless, func(s *shelf) { s.files[jarPath(version)+".sha256"] = []byte("00") }, "checksum is not the published"},
		"not there":         {harmless, func(s *shelf) { s.files = nil }, "not found"},
		"not a jar":         {harmless, func(s *shelf) { s.files[jarPath(version)] = []byte("x"); s.publishSum(version, "sha256") }, "unpack Postgres"},
		"leads out":         {outside, func(s *shelf) { s.publishSum(version, "sha256") }, "escapes"},
		"leads out by link": {linked, func(s *shelf) { s.publishSum(version, "sha256") }, "escapes"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, address := newShelf(t, version, c.entries, nil)
			c.damage(s)
			dir := t.TempDir()
			require.ErrorContains(t, fetchInto(t.Context(), dir, address, 0, io.Discard), c.want)
			left, err := filepath.Glob(filepath.Join(dir, "*"))
			require.NoError(t, err)
			require.Equal(t, []string{filepath.Join(dir, version+".lock")}, left, "nothing half fetched stays")
		})
	}
}

func TestUnreachableRepositoryIsNamed(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.NotFoundHandler())
	server.Close()
	err := fetchInto(t.Context(), t.TempDir(), server.URL, 0, io.Discard)
	require.ErrorContains(t, err, strings.TrimPrefix(server.URL, "http://"))
}

func TestMainClusterIsForbiddenOnce(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "createcluster.conf")
	require.NoError(t, os.WriteFile(file, []byte("#create_main_cluster = true\nssl = on"), 0o644))
	require.NoError(t, forbidMainCluster(dir))
	require.NoError(t, forbidMainCluster(dir))
	content, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, "#create_main_cluster = true\nssl = on\ncreate_main_cluster = false\n", string(content))
}
