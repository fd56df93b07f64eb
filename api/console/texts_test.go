package console

import (
	"io/fs"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"

	"duradesk/api/catalog"
)

var placeholder = regexp.MustCompile(`\{[a-z_]+\}`)

func TestCatalogsAreEqual(t *testing.T) {
	t.Parallel()
	all := theTexts()
	for _, lang := range catalog.Languages {
		require.ElementsMatch(t, slices.Collect(maps.Keys(all["en"])), slices.Collect(maps.Keys(all[lang])), lang)
		for key, text := range all[lang] {
			require.NotEmpty(t, strings.TrimSpace(text), "%s %s", lang, key)
			if !strings.HasSuffix(key, ".one") {
				require.ElementsMatch(t, placeholder.FindAllString(all["en"][key], -1), placeholder.FindAllString(text, -1), "%s %s", lang, key)
			}
		}
	}
}

// letters of any script, outside of what templates compute.
var (
	letters  = regexp.MustCompile(`\p{L}{2,}`)
	computed = regexp.MustCompile(`(?s)\{\{.*?\}\}`)
)

// keyNames are what is printed on keyboards, the same in every language.
var keyNames = []string{"Alt", "Ctrl", "Enter", "Esc"}

func TestNoTextStandsInATemplate(t *testing.T) {
	t.Parallel()
	for name, source := range sources(t) {
		for z := html.NewTokenizer(strings.NewReader(computed.ReplaceAllString(source, ""))); ; {
			kind := z.Next()
			if kind == html.ErrorToken {
				break
			}
			token := z.Token()
			if kind == html.TextToken {
				for _, word := range letters.FindAllString(token.Data, -1) {
					require.Contains(t, keyNames, word, "%s: %q stands in the template; give it a key in both catalogs", name, strings.TrimSpace(token.Data))
				}
			}
			for _, a := range token.Attr {
				if slices.Contains([]string{"title", "alt", "placeholder", "aria-label"}, a.Key) {
					require.NotRegexp(t, letters, a.Val, "%s: <%s %s> has text of its own", name, token.Data, a.Key)
				}
			}
		}
	}
}

func TestEveryTextIsSaid(t *testing.T) {
	t.Parallel()
	var said strings.Builder
	for _, source := range sources(t) {
		said.WriteString(source)
	}
	code, err := fs.Glob(sourceFiles, "*.go")
	require.NoError(t, err)
	for _, name := range code {
		raw, err := fs.ReadFile(sourceFiles, name)
		require.NoError(t, err)
		said.Write(raw)
	}
	all := said.String()
	for key := range theTexts()["en"] {
		group, _, _ := strings.Cut(key, ".")
		whole := strings.TrimSuffix(key, ".one")
		require.True(t, strings.Contains(all, `"`+whole+`"`) || strings.Contains(all, `"`+group+`."`) || strings.Contains(all, `word "`+group+`"`) ||
			strings.Contains(all, `opts("`+group+`"`) || strings.Contains(all, `"`+group+`_"`), "nobody says %q", key)
	}
}

func TestOneIsNotMany(t *testing.T) {
	t.Parallel()
	require.Equal(t, "1 ticket", say("en", "list.count", "n", "1"))
	require.Equal(t, "2 tickets", say("en", "list.count", "n", "2"))
	require.Equal(t, "2件", say("ja", "list.count", "n", "2"))
	require.Equal(t, "On hold", say("en", "state.on_hold"), "what the API says already is said in its words")
}

func sources(t *testing.T) map[string]string {
	t.Helper()
	names, err := fs.Glob(templateFiles, "templates/*.html")
	require.NoError(t, err)
	require.NotEmpty(t, names)
	out := map[string]string{}
	for _, name := range names {
		raw, err := templateFiles.ReadFile(name)
		require.NoError(t, err)
		out[name] = string(raw)
	}
	return out
}
