package doctor

import (
	"embed"
	"encoding/json"
	"strings"
	"sync"
)

//go:embed words/*.json
var wordFiles embed.FS

// catalogs are read once: language, code, what is so and what to do.
var catalogs = sync.OnceValue(func() map[string]map[string][]string {
	out := map[string]map[string][]string{}
	for _, lang := range []string{"en", "ja"} {
		raw, err := wordFiles.ReadFile("words/" + lang + ".json")
		if err == nil {
			entries := map[string][]string{}
			err = json.Unmarshal(raw, &entries)
			out[lang] = entries
		}
		if err != nil {
			panic("read the doctor's words: " + err.Error())
		}
	}
	return out
})

func words(lang, code string, args map[string]string) (text, todo string) {
	said, ok := catalogs()[lang][code]
	if !ok {
		if said, ok = catalogs()["en"][code]; !ok {
			return code, ""
		}
	}
	pairs := []string{}
	for name, value := range args {
		pairs = append(pairs, "{"+name+"}", value)
	}
	fill := strings.NewReplacer(pairs...)
	if len(said) > 1 {
		todo = fill.Replace(said[1])
	}
	return fill.Replace(said[0]), todo
}

// LanguageOf reads LC_ALL, LC_MESSAGES or LANG, in the order in which they count.
func LanguageOf(getenv func(string) string) string {
	for _, name := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		if v := getenv(name); v != "" {
			if strings.HasPrefix(v, "ja") {
				return "ja"
			}
			return "en"
		}
	}
	return "en"
}
