package console

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// sourceFiles are those of this package.
var sourceFiles = os.DirFS(".")

func TestScriptsAndStylesStaySmall(t *testing.T) {
	t.Parallel()
	sum := 0
	for name, f := range theAssets().files {
		if strings.HasSuffix(name, ".js") || strings.HasSuffix(name, ".css") {
			t.Logf("%6d bytes  %s", len(f.packed), name)
			sum += len(f.packed)
		}
	}
	t.Logf("%6d bytes of JS and CSS, gzipped", sum)
	require.NotZero(t, sum)
	require.Less(t, sum, 80<<10, "JS and CSS over the wire")
}

func TestWhatIsTakenFromOthersIsWhatItWas(t *testing.T) {
	t.Parallel()
	list, err := staticFiles.ReadFile("static/vendor.sha256")
	require.NoError(t, err)
	seen := 0
	for line := range strings.Lines(string(list)) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		parts := strings.Fields(line)
		raw, err := staticFiles.ReadFile("static/" + parts[1])
		require.NoError(t, err)
		sum := sha256.Sum256(raw)
		require.Equal(t, parts[0], hex.EncodeToString(sum[:]), parts[1])
		seen++
	}
	require.Equal(t, 2, seen)
}

func TestScriptsNameWhereTextComesFrom(t *testing.T) {
	t.Parallel()
	for name, f := range theAssets().files {
		if strings.HasSuffix(name, ".js") && !strings.HasPrefix(name, "vendor/") {
			require.NotRegexp(t, `\.(innerHTML|outerHTML)\s*\+?=\s*['"\x60]`, string(f.plain), "%s builds HTML out of text", name)
			require.NotContains(t, string(f.plain), "eval(", name)
		}
	}
}
