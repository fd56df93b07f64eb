package api

import (
	"strings"

	"github.com/gin-gonic/gin"
	"golang.org/x/text/language"

	"duradesk/api/catalog"
)

// languages that people are answered in; the first is for everybody else.
var languages = catalog.Languages

var languageTags = language.NewMatcher([]language.Tag{language.English, language.Japanese})

// texts are the catalogs: language, key, text with {placeholders}.
type texts catalog.Texts

// theTexts never change.
func theTexts() texts { return texts(catalog.Shared()) }

func (t texts) has(key string) bool { return catalog.Texts(t).Has(key) }

// say returns the text with its placeholders filled; the key where there is no such text.
func (t texts) say(lang, key string, args map[string]string) string {
	return catalog.Texts(t).Say(lang, key, args)
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
