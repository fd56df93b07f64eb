package world

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestStem(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"Support@Desk.Example":            "support@desk.example",
		"support+r.abc.def@desk.example":  "support@desk.example",
		"a+b+c@x.example":                 "a@x.example",
		"+plus@x.example":                 "+plus@x.example",
		" a@x.example. ":                  "a@x.example",
		"a@b@x.example":                   "a@b@x.example",
		"a@xn--r8jz45g.jp":                "a@例え.jp",
		"ÄRGER@BÜCHER.example":            "ärger@bücher.example",
		"e\u0301@x.example":               "é@x.example",
		"a@[127.0.0.1]":                   "a@[127.0.0.1]",
		"a@under_score.example":           "a@under_score.example",
		strings.Repeat("x", 300) + "@y.z": strings.Repeat("x", 300) + "@y.z",
	} {
		got, err := stem(address)
		require.NoError(t, err, address)
		require.Equal(t, want, got)
	}
	for _, bad := range []string{
		"", "@", "a@", "@b", "a", "a\r\nb@c", "a\x00@b", "\xff@b", "a@b c", strings.Repeat("x", 2000) + "@y.z", "a@.",
	} {
		_, err := stem(bad)
		require.ErrorIs(t, err, errAddress, "%q", bad)
	}
}

func TestFileName(t *testing.T) {
	t.Parallel()
	texts := []string{
		"support@desk.example", "..", ".", "../x", "a/b", "a%2Fb", "a\\b", "", "日本", "~", "a~b", "A", "a b", "\x00",
		strings.Repeat("日", 100), strings.Repeat("日", 100) + "x", strings.Repeat("a", 151), strings.Repeat("a", 150),
	}
	seen := make(map[string]string)
	for _, text := range texts {
		name := fileName(text)
		require.NotContains(t, seen, name, "%q and %q", text, seen[name])
		seen[name] = text
		require.LessOrEqual(t, len(name), maxFileName)
		require.NotContains(t, name, "/")
		require.NotContains(t, name, `\`)
		require.False(t, strings.HasPrefix(name, "."), name)
	}
	require.Equal(t, "support@desk.example", fileName("support@desk.example"))
}

func TestHeaderForm(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"a.b+c@x.example": "a.b+c@x.example", "a b@x": `"a b"@x`, `a"b@x`: `"a\"b"@x`, "a..b@x": `"a..b"@x`, "山田@x": "山田@x",
	} {
		require.Equal(t, want, headerForm(address))
	}
}
