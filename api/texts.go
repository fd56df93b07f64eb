package api

import (
	"embed"
	"encoding/json"
	"strings"
	"sync"

	"github.com/gin-gonic/gin"
	"golang.org/x/text/language"
)

//go:embed catalog/*.json
var catalogFiles embed.FS

// languages that people are answered in; the first is for everybody else.
var languages = []string{"en", "ja"}

var languageTags = language.NewMatcher([]language.Tag{language.English, language.Japanese})

// texts are the catalogs: language, key, text with {placeholders}.
type texts map[string]map[string]string

// theTexts are read once: they never change.
var theTexts = sync.OnceValue(readTexts)

func readTexts() texts {
	out := texts{}
	for _, lang := range languages {
		raw, err := catalogFiles.ReadFile("catalog/" + lang + ".json")
		if err != nil {
			panic("read catalog: " + err.Error())
		}
		entries := map[string]string{}
		if err := json.Unmarshal(raw, &entries); err != nil {
			panic("read catalog " + lang + ": " + err.Error())
		}
		out[lang] = entries
	}
	return out
}

func (t texts) has(key string) bool { return t[languages[0]][key] != "" }

// say returns the text with its placeholders filled; the key where there is no such text.
func (t texts) say(lang, key string, args map[string]string) string {
	text, ok := t[lang][key]
	if !ok {
		return key
	}
	pairs := make([]string, 0, 2*len(args))
	for name, value := range args {
		pairs = append(pairs, "{"+name+"}", value)
	}
	return strings.NewReplacer(pairs...).Replace(text)
}

// reason is the text of a refusal, nil where there is none.
func (t texts) reason(lang, key string) *string {
	if key == "" {
		return nil
	}
	return ptr(t.say(lang, "reason."+key, nil))
}

// language of the answer: what the request asks for, else the person's, else English.
func (s *server) language(c *gin.Context) string {
	if wanted, _, err := language.ParseAcceptLanguage(c.GetHeader("Accept-Language")); err == nil && len(wanted) > 0 {
		if _, i, sure := languageTags.Match(wanted...); sure > language.No {
			return languages[i]
		}
	}
	if own := askerOf(c).Language; own == "ja" || strings.HasPrefix(own, "ja-") {
		return "ja"
	}
	return languages[0]
}
