package mail_test

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The list of promises is worth something only while the tests that it names exist.
func TestTheListOfMailNamesTestsThatExist(t *testing.T) {
	t.Parallel()
	list, err := os.ReadFile("../docs/mail.md")
	require.NoError(t, err)
	var tests strings.Builder
	err = filepath.WalkDir("..", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		content, err := os.ReadFile(path)
		tests.Write(content)
		return err
	})
	require.NoError(t, err)
	named := regexp.MustCompile("`((?:Test|Fuzz)[A-Za-z0-9]+)`").FindAllStringSubmatch(string(list), -1)
	require.Greater(t, len(named), 50)
	for _, n := range named {
		require.Contains(t, tests.String(), "func "+n[1]+"(", "docs/mail.md names it")
	}
	for n := range 25 {
		require.Contains(t, string(list), fmt.Sprintf("\n%d. **", n+1))
	}
}
