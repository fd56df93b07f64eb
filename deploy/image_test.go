package deploy_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

func TestImageIsBuiltFromEveryFolderThatTheProgramNeeds(t *testing.T) {
	t.Parallel()
	list := exec.CommandContext(t.Context(), "go", "list", "-deps", "../cmd/duradesk")
	out, err := list.Output()
	require.NoError(t, err)
	ignore := strings.Split(read(t, "../.dockerignore"), "\n")
	folders := 0
	for line := range strings.Lines(string(out)) {
		if _, rest, ok := strings.Cut(strings.TrimSpace(line), "duradesk/"); ok {
			folder, _, _ := strings.Cut(rest, "/")
			require.Contains(t, ignore, "!"+folder, ".dockerignore leaves it out of the image")
			folders++
		}
	}
	require.Greater(t, folders, 10)
}

func TestImageIsBuiltWithTheGoOfTheModule(t *testing.T) {
	t.Parallel()
	wanted := regexp.MustCompile(`(?m)^go (\d+\.\d+)`).FindStringSubmatch(read(t, "../go.mod"))
	require.Len(t, wanted, 2)
	require.Regexp(t, `(?m)^FROM golang:`+regexp.QuoteMeta(wanted[1])+`\.\d+-`, read(t, "../Dockerfile"))
}

// TestTemporalHasTheSettingsOfOneNode compares the settings of the container with those that up gives a server of its
// own: the same finding stands in both.
func TestTemporalHasTheSettingsOfOneNode(t *testing.T) {
	t.Parallel()
	var settings map[string][]struct {
		Value any `yaml:"value"`
	}
	require.NoError(t, yaml.Unmarshal([]byte(read(t, "temporal/dynamicconfig.yaml")), &settings))
	up := read(t, "../cmd/duradesk/temporal.go")
	require.NotEmpty(t, settings)
	for key, values := range settings {
		require.Len(t, values, 1, key)
		require.Contains(t, up, strconv.Quote(key+"="+strconv.Itoa(values[0].Value.(int))), "what up sets is another value, or none")
	}
}

// commandsOf reads from the sources which variables each subcommand reads, and whether it needs them.
func commandsOf(t *testing.T) map[string]map[string]bool {
	t.Helper()
	structs := map[string]*ast.StructType{}
	files, err := filepath.Glob("../cmd/duradesk/*.go")
	require.NoError(t, err)
	for _, file := range files {
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		require.NoError(t, err)
		ast.Inspect(parsed, func(n ast.Node) bool {
			if spec, ok := n.(*ast.TypeSpec); ok {
				if s, ok := spec.Type.(*ast.StructType); ok {
					structs[spec.Name.Name] = s
				}
			}
			return true
		})
	}
	commands := map[string]map[string]bool{}
	require.Contains(t, structs, "cli")
	for _, field := range structs["cli"].Fields.List {
		tag := tagOf(t, field)
		if _, ok := tag.Lookup("cmd"); !ok {
			continue
		}
		name := tag.Get("name")
		if name == "" {
			name = strings.ToLower(field.Names[0].Name)
		}
		kind, ok := field.Type.(*ast.Ident)
		require.True(t, ok, name)
		commands[name] = variablesOf(t, structs, kind.Name)
	}
	return commands
}

// variablesOf gives the variables of a struct and of those that are embedded in it.
func variablesOf(t *testing.T, structs map[string]*ast.StructType, name string) map[string]bool {
	t.Helper()
	variables := map[string]bool{}
	s, ok := structs[name]
	if !ok {
		return variables
	}
	for _, field := range s.Fields.List {
		if kind, ok := field.Type.(*ast.Ident); ok && len(field.Names) == 0 {
			for variable, required := range variablesOf(t, structs, kind.Name) {
				variables[variable] = required
			}
			continue
		}
		tag := tagOf(t, field)
		_, required := tag.Lookup("required")
		for variable := range strings.SplitSeq(tag.Get("env"), ",") {
			if variable != "" {
				variables[variable] = required
			}
		}
	}
	return variables
}

func tagOf(t *testing.T, field *ast.Field) reflect.StructTag {
	t.Helper()
	if field.Tag == nil {
		return ""
	}
	text, err := strconv.Unquote(field.Tag.Value)
	require.NoError(t, err)
	return reflect.StructTag(text)
}

var scripts = []string{"temporal/schema.sh", "temporal/namespace.sh"}

func TestScriptsCanBeRead(t *testing.T) {
	t.Parallel()
	found, err := filepath.Glob("temporal/*.sh")
	require.NoError(t, err)
	slices.Sort(found)
	require.ElementsMatch(t, scripts, found)
	for _, script := range scripts {
		out, err := exec.CommandContext(t.Context(), "sh", "-n", script).CombinedOutput()
		require.NoError(t, err, string(out))
	}
}
