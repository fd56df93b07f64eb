package lifecycle_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestChangingTheProcess follows docs/changing-the-process.md: the changes that it shows stand in testdata/changes, a
// folder each, a patch for each step. Every patch is applied to a copy of the ground floor, whose tests then say what
// the document says that they say (N.says), and hold after the last one. Where this fails, the recipe is out of date:
// make the change once more by hand, and write anew what has to be done, and what was said.
func TestChangingTheProcess(t *testing.T) {
	t.Parallel()
	changes, err := filepath.Glob("testdata/changes/*")
	require.NoError(t, err)
	require.Len(t, changes, 4)
	recipe, err := os.ReadFile("../docs/changing-the-process.md")
	require.NoError(t, err)
	for _, change := range changes {
		t.Run(filepath.Base(change), func(t *testing.T) {
			t.Parallel()
			c := floor{t: t, dir: t.TempDir()}
			c.furnish()
			steps, err := filepath.Glob(change + "/*.patch")
			require.NoError(t, err)
			for _, patch := range steps {
				c.apply(patch)
				says, err := os.ReadFile(strings.TrimSuffix(patch, ".patch") + ".says")
				if err != nil { // the last step
					_, _ = c.run("-run", "TestStories|TestTheDocumentIsFresh|TestRecorded", "./lifecycle", "-update") // what it leaves is said next
					require.Empty(t, c.failures(), patch)
					return
				}
				failed := c.failures()
				for l := range strings.Lines(string(says)) {
					if l = strings.TrimSpace(l); !strings.Contains(failed, l) {
						t.Fatalf("%s: nothing says %q, but:\n%s", patch, l, failed)
					}
					if !strings.Contains(string(recipe), l) {
						t.Fatalf("docs/changing-the-process.md does not tell %q of %s", l, patch)
					}
				}
			}
			require.Fail(t, "the last step still has something to say")
		})
	}
}

// floor is a copy of the ground floor in which something is changed.
type floor struct {
	t   *testing.T
	dir string
}

func (c floor) furnish() {
	c.t.Helper()
	for _, part := range []string{"ticket", "calendar", "lifecycle"} {
		require.NoError(c.t, os.CopyFS(filepath.Join(c.dir, part), os.DirFS("../"+part)))
	}
	require.NoError(c.t, os.Remove(filepath.Join(c.dir, "lifecycle/changes_test.go")))
	for _, file := range []string{
		"go.mod", "go.sum", "docs/lifecycle.md", "api/openapi.yaml", "api/catalog/en.json", "api/catalog/ja.json", "postgres/views.go", "workflows/publish.go",
	} {
		text, err := os.ReadFile("../" + file)
		require.NoError(c.t, err)
		require.NoError(c.t, os.MkdirAll(filepath.Dir(filepath.Join(c.dir, file)), 0o755))
		require.NoError(c.t, os.WriteFile(filepath.Join(c.dir, file), text, 0o644))
	}
}

// apply applies a patch: what is around a changed line outside of the ground floor is others' business.
func (c floor) apply(patch string) {
	c.t.Helper()
	path, err := filepath.Abs(patch)
	require.NoError(c.t, err)
	apply := exec.CommandContext(c.t.Context(), "git", "apply", "-C0", path)
	apply.Dir = c.dir
	apply.Env = append(os.Environ(), "GIT_CEILING_DIRECTORIES="+filepath.Dir(c.dir))
	said, err := apply.CombinedOutput()
	require.NoError(c.t, err, "%s fits no more: %s", patch, said)
}

// failures is what the tests say that are not content; "" if all are. Those are left out that take long and look at what
// no table changes: planted mistakes and random lives.
func (c floor) failures() string {
	said, err := c.run("-skip", "TestEveryMistake|TestEveryInner|TestEveryLaw|TestAnything|TestAFinding|TestTheMap|TestATuesday|TestAButton|TestTheDocumentIsComplete|TestHash|TestTables", "./ticket", "./lifecycle")
	if err == nil {
		return ""
	}
	return said
}

func (c floor) run(args ...string) (string, error) {
	c.t.Helper()
	// Without its folder's name in it, a package that is as it was need not be compiled once more.
	test := exec.CommandContext(c.t.Context(), "go", append([]string{"test", "-vet=off", "-trimpath"}, args...)...)
	test.Dir = c.dir
	said, err := test.CombinedOutput()
	return string(said), err
}
