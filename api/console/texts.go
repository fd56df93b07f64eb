package console

import (
	"embed"
	"maps"
	"net/http"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/language"

	"duradesk/api/catalog"
)

//go:embed catalog/*.json catalog/manage/*.json
var catalogFiles embed.FS

// theTexts are the console's own; what the API says already, it says in the API's words.
var theTexts = sync.OnceValue(func() catalog.Texts {
	all := catalog.Read(catalogFiles, "catalog")
	for lang, texts := range catalog.Read(catalogFiles, "catalog/manage") {
		maps.Copy(all[lang], texts)
	}
	return all
})

var tags = language.NewMatcher([]language.Tag{language.English, language.Japanese})

// languageOf is what the browser asks for; who is signed in may have chosen another.
func languageOf(r *http.Request) string {
	wanted, _, err := language.ParseAcceptLanguage(r.Header.Get("Accept-Language"))
	if err == nil && len(wanted) > 0 {
		if _, i, sure := tags.Match(wanted...); sure > language.No {
			return catalog.Languages[i]
		}
	}
	return catalog.Languages[0]
}

// say gives a text with its placeholders filled: pairs of name and value. Where one is "n" and there is a text for one
// alone (key.one), that is taken for 1.
func say(lang, key string, pairs ...string) string {
	args := map[string]string{}
	for i := 0; i+1 < len(pairs); i += 2 {
		args[pairs[i]] = pairs[i+1]
	}
	own := theTexts()
	if args["n"] == "1" && own.Has(key+".one") {
		key += ".one"
	}
	if own.Has(key) {
		return own.Say(lang, key, args)
	}
	text := catalog.Shared().Say(lang, key, args)
	if strings.HasPrefix(key, "state.") { // the API says it within a sentence, the console alone
		first, size := utf8.DecodeRuneInString(text)
		text = string(unicode.ToUpper(first)) + text[size:]
	}
	return text
}

// known reports whether there is such a text at all.
func known(key string) bool { return theTexts().Has(key) || catalog.Shared().Has(key) }

// sayOr is for names that others may add to: the word itself where nobody has a text for it yet.
func sayOr(lang, key, word string) string {
	if known(key) {
		return say(lang, key)
	}
	return strings.ReplaceAll(word, "_", " ")
}
