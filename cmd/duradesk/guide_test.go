package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
	"github.com/stretchr/testify/require"
)

// fences are the blocks of a guide that stand between ``` and ```.
var fences = regexp.MustCompile("(?ms)^ *```(\\w*)\\n(.*?)^ *```$")

// inline are commands of the program within a sentence.
var inline = regexp.MustCompile("`(duradesk [^`]+)`")

// called is the program where a command of the shell begins.
var called = regexp.MustCompile(`(?:^|[;&|(]|\buntil |=\S* ) *duradesk (.*)`)

// TestGuidesNameCommandsThatThereAre reads every `duradesk …` of the guides as the program does: command, arguments and
// flags must be known. Words in capitals stand for something, … for whatever comes.
func TestGuidesNameCommandsThatThereAre(t *testing.T) {
	t.Parallel()
	guides, err := filepath.Glob("../../docs/*.md")
	require.NoError(t, err)
	guides = append(guides, "../../README.md")
	dir := t.TempDir()
	file := filepath.Join(dir, "FILE")
	require.NoError(t, os.WriteFile(file, []byte("{}"), 0o600))
	seen, read := 0, map[string]bool{}
	for _, guide := range guides {
		if filepath.Base(guide) == "configuration.md" {
			continue // written by the program
		}
		text, err := os.ReadFile(guide)
		require.NoError(t, err)
		for _, words := range commandsIn(string(text)) {
			seen++
			command := strings.Join(words, " ")
			if read[command] {
				continue
			}
			read[command] = true
			parses(t, filepath.Base(guide), words, file, dir)
		}
	}
	require.Greater(t, seen, 25)
}

// commandsIn are the commands of the program in a guide, each as its words.
func commandsIn(text string) [][]string {
	var out [][]string
	for _, block := range fences.FindAllStringSubmatch(text, -1) {
		whole := strings.ReplaceAll(block[2], "\\\n", " ")
		for line := range strings.Lines(whole) {
			line, _, _ = strings.Cut(line, " # ")
			if m := called.FindStringSubmatch(line); m != nil {
				out = append(out, strings.Fields(m[1]))
			}
		}
	}
	for _, m := range inline.FindAllStringSubmatch(fences.ReplaceAllString(text, ""), -1) {
		out = append(out, strings.Fields(strings.ReplaceAll(m[1], "\n", " "))[1:])
	}
	return out
}

var redirected = regexp.MustCompile(`^([|<>&]|\|\||&&|2>)`)

func parses(t *testing.T, guide string, words []string, file, dir string) {
	t.Helper()
	if i := slices.IndexFunc(words, redirected.MatchString); i >= 0 {
		words = words[:i]
	}
	if i := slices.IndexFunc(words, func(w string) bool { return strings.HasSuffix(w, ";") }); i >= 0 {
		words = words[:i+1]
	}
	args := []string{}
	for _, w := range words {
		w = strings.TrimRight(w, ".,;:)")
		switch {
		case w == "…" || w == "":
		case w == "FILE" || strings.HasSuffix(w, ".dump") || strings.HasSuffix(w, ".ics") || strings.HasSuffix(w, ".json"):
			args = append(args, file)
		case w == "DIR" || w == "FOLDER":
			args = append(args, dir)
		case w == "N" || w == "NUMBER":
			args = append(args, "1042")
		default:
			args = append(args, strings.Trim(w, `'"`))
		}
	}
	if len(args) == 0 || strings.ContainsAny(args[0], "|<[/") {
		return // the program as a file
	}
	parser, err := kong.New(&cli{}, kong.Name("duradesk"), kong.Exit(func(int) {}))
	require.NoError(t, err)
	parser.Stdout, parser.Stderr = &strings.Builder{}, &strings.Builder{}
	_, err = parser.Parse(args)
	if err != nil && incomplete.MatchString(err.Error()) {
		return // a sentence names a command without all that it needs
	}
	require.NoError(t, err, "%s: duradesk %s", guide, strings.Join(words, " "))
}

// incomplete are complaints about what is missing, not about what is there.
var incomplete = regexp.MustCompile(`^(missing flags|expected "<|expected one of|[^ ]+: expected .* value)`)
