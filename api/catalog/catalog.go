package catalog

import (
	"embed"
	"encoding/json"
	"io/fs"
	"strings"
	"sync"
)

//go:embed *.json
var files embed.FS

// Languages that people are answered in; the first is for everybody else.
var Languages = []string{"en", "ja"}

// Texts are catalogs: language, key, text with {placeholders}.
type Texts map[string]map[string]string

// Shared are the texts of the API, which other doors say too. They are read once: they never change.
var Shared = sync.OnceValue(func() Texts { return Read(files, ".") })

// Read reads a file <language>.json for each language below a folder. They are embedded and proven by tests: an error is
// a fault of the build.
func Read(from fs.FS, folder string) Texts {
	out := Texts{}
	for _, lang := range Languages {
		raw, err := fs.ReadFile(from, strings.TrimPrefix(folder+"/", "./")+lang+".json")
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

// Has reports whether there is such a text.
func (t Texts) Has(key string) bool { return t[Languages[0]][key] != "" }

// Say returns the text with its placeholders filled; the key where there is no such text.
func (t Texts) Say(lang, key string, args map[string]string) string {
	text, ok := t[lang][key]
	if !ok {
		return key
	}
	if len(args) == 0 {
		return text
	}
	pairs := make([]string, 0, 2*len(args))
	for name, value := range args {
		pairs = append(pairs, "{"+name+"}", value)
	}
	return strings.NewReplacer(pairs...).Replace(text)
}
