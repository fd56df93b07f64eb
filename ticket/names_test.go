package ticket

import (
	"encoding"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// vocabulary is one kind of small integer with the words it is known by outside.
type vocabulary struct {
	text  func(int) string
	parse func(string) (int, error)
	count int // of values, the absent one included
}

// values are what the names of this package can do.
type value interface {
	~uint8
	fmt.Stringer
	encoding.TextMarshaler
}

// words builds the vocabulary of a kind from its methods alone: String until the words end.
func words[T value](unmarshal func(*T, []byte) error) vocabulary {
	v := vocabulary{
		text: func(i int) string { return T(i).String() },
		parse: func(s string) (int, error) {
			var out T
			err := unmarshal(&out, []byte(s))
			return int(out), err
		},
	}
	for i := range 256 {
		w := T(i).String()
		if strings.ContainsAny(w, "(?") {
			break
		}
		v.count++
	}
	return v
}

var vocabularies = map[string]vocabulary{
	"State":      words((*State).UnmarshalText),
	"Kind":       words((*Kind).UnmarshalText),
	"HoldReason": words((*HoldReason).UnmarshalText),
	"Category":   words((*Category).UnmarshalText),
	"Priority":   words((*Priority).UnmarshalText),
	"Channel":    words((*Channel).UnmarshalText),
	"Role":       words((*Role).UnmarshalText),
	"ActorKind":  words((*ActorKind).UnmarshalText),
	"ClockKind":  words((*ClockKind).UnmarshalText),
	"ClockState": words((*ClockState).UnmarshalText),
	"Outcome":    words((*Outcome).UnmarshalText),
	"Verdict":    words((*Verdict).UnmarshalText),
	"Level":      words((*Level).UnmarshalText),

	"ChildOutcome": words((*ChildOutcome).UnmarshalText),
}

// TestNamesAreAppendOnly holds the names against the committed list. Rows and histories are full of them: a name is
// never changed, removed or moved. A new one goes to the end of its kind, here and in testdata/names.txt.
func TestNamesAreAppendOnly(t *testing.T) {
	t.Parallel()
	committed, err := os.ReadFile("testdata/names.txt")
	require.NoError(t, err)
	var now strings.Builder
	for _, kind := range slices.Sorted(maps.Keys(vocabularies)) {
		for i := range vocabularies[kind].count {
			fmt.Fprintf(&now, "%s %d %s\n", kind, i, strconv.Quote(vocabularies[kind].text(i)))
		}
	}
	for l := range strings.Lines(string(committed)) {
		if !strings.Contains(now.String(), l) {
			t.Errorf("the name %q has left the house and was changed: old rows and histories can't be read any more", l)
		}
	}
	for l := range strings.Lines(now.String()) {
		if !strings.Contains(string(committed), l) {
			t.Errorf("a new name: write it into testdata/names.txt, behind the last of its kind: %s", l)
		}
	}
	require.Equal(t, string(committed), now.String(), "names stand in their order")
}

// TestEveryConstantHasAName reads the source: a constant without a word would reach rows as "state(12)", a word
// without a constant could not be answered.
func TestEveryConstantHasAName(t *testing.T) {
	t.Parallel()
	found := constants(t)
	require.ElementsMatch(t, slices.Collect(maps.Keys(found)), slices.Collect(maps.Keys(vocabularies)), "every kind of name is tested here")
	for kind, names := range found {
		require.Len(t, names, vocabularies[kind].count, "%s: as many constants as words: %v", kind, names)
	}
}

// constants finds the iota blocks of the package: the constants of each type in order.
func constants(t *testing.T) map[string][]string {
	t.Helper()
	paths, err := filepath.Glob("*.go")
	require.NoError(t, err)
	out := map[string][]string{}
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		require.NoError(t, err)
		for _, d := range file.Decls {
			if block, ok := d.(*ast.GenDecl); ok && block.Tok == token.CONST {
				counted(block, out)
			}
		}
	}
	return out
}

// counted adds the constants of the iota runs in one block.
func counted(block *ast.GenDecl, out map[string][]string) {
	kind := ""
	for _, s := range block.Specs {
		spec, ok := s.(*ast.ValueSpec)
		if !ok {
			continue
		}
		if len(spec.Values) > 0 {
			kind = ""
			value, plain := spec.Values[0].(*ast.Ident)
			if name, typed := spec.Type.(*ast.Ident); plain && typed && value.Name == "iota" {
				kind = name.Name
			}
		}
		for _, name := range spec.Names {
			if kind != "" {
				out[kind] = append(out[kind], name.Name)
			}
		}
	}
}

func TestNamesAreReadBack(t *testing.T) {
	t.Parallel()
	for kind, v := range vocabularies {
		seen := map[string]bool{}
		for i := range v.count {
			require.False(t, seen[v.text(i)], "%s: %q twice", kind, v.text(i))
			seen[v.text(i)] = true
			back, err := v.parse(v.text(i))
			require.NoError(t, err)
			require.Equal(t, i, back)
		}
		_, err := v.parse("no such thing")
		require.Equal(t, Newer, CodeOf(err), kind)
	}
}

// TestAbsentIsLeftOut holds what JSON relies on: the absent value is no word, and a name stands for itself.
func TestAbsentIsLeftOut(t *testing.T) {
	t.Parallel()
	text, err := json.Marshal(Process{Number: 1001, State: OnHold, Hold: HoldThirdParty})
	require.NoError(t, err)
	require.Contains(t, string(text), `"state":"on_hold"`)
	require.Contains(t, string(text), `"hold":"third_party"`)
	for _, absent := range []string{"former", "category", "priority", "channel", "clocks", "opened", "closed", "owner"} {
		require.NotContains(t, string(text), absent)
	}
}

func TestAWordThatDoesNotExistNamesThoseThatDo(t *testing.T) {
	t.Parallel()
	_, err := ParseState("opne")
	require.ErrorContains(t, err, `"opne" is not a state; use one of new, open, on_hold, `)
	require.Equal(t, "state(200)", State(200).String())
	require.Equal(t, "outcome?", Outcome(200).String())
}

func TestListsLeaveTheAbsentOut(t *testing.T) {
	t.Parallel()
	require.Len(t, States(), vocabularies["State"].count-1)
	require.Len(t, Kinds(), vocabularies["Kind"].count-1)
	require.Len(t, HoldReasons(), vocabularies["HoldReason"].count-1)
	require.Len(t, Categories(), vocabularies["Category"].count-1)
	require.Len(t, ClockKinds(), vocabularies["ClockKind"].count-1)
	require.NotContains(t, States(), NoState)
	for i := range vocabularies["State"].count - 1 {
		require.Contains(t, States(), State(i+1), "listed by hand, in the order of PRODUCT §2")
	}
	for i := range vocabularies["Kind"].count - 1 {
		require.Contains(t, Kinds(), Kind(i+1), "listed by hand, in the order of PRODUCT §3")
	}
	for i := range vocabularies["ClockKind"].count - 1 {
		require.Contains(t, ClockKinds(), ClockKind(i+1))
	}
	for _, k := range Commands() {
		require.False(t, k.Timer())
		require.NotEqual(t, Unreadable, k)
	}
}
