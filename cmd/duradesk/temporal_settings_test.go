package main

import (
	"go/ast"
	"go/constant"
	"go/parser"
	"go/token"
	"go/types"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// oursOnly are settings of our server that a Temporal CLI does without: those that start-dev sets by itself, queues that a
// desk does not use, and what bounds the memory of a server that runs for months.
var oursOnly = []string{
	"OutboundProcessorMaxPollRPS", "OutboundProcessorMaxPollHostRPS",
	"FrontendRPS", "FrontendMaxNamespaceRPSPerInstance", "FrontendMaxNamespaceVisibilityRPSPerInstance",
	"FrontendMaxNamespaceNamespaceReplicationInducingAPIsRPSPerInstance", "HistoryRPS", "MatchingRPS",
	"FrontendPersistenceMaxQPS", "MatchingPersistenceMaxQPS", "HistoryPersistenceMaxQPS", "WorkerPersistenceMaxQPS",
	"HistoryCacheHostLevelMaxSize", "HistoryCacheTTL", "HistoryCacheBackgroundEvict", "EnableServerVersionCheck",
}

// The server that is built from devserver/, a module of its own, and a Temporal CLI are set alike: whoever changes one side
// changes the other, or says above why not.
func TestBothTemporalServersAreSetAlike(t *testing.T) {
	t.Parallel()
	ours := devserverSettings(t)
	missing := slices.Collect(maps.Keys(ours))
	for _, setting := range singleNode {
		key, value, _ := strings.Cut(setting, "=")
		name, found := nameOf(ours, key)
		require.True(t, found, "devserver/settings.go does not set %s", key)
		require.Equal(t, constantOf(t, value), constantOf(t, ours[name]), "%s: another value in devserver/settings.go", key)
		missing = slices.DeleteFunc(missing, func(one string) bool { return one == name })
	}
	require.ElementsMatch(t, oursOnly, missing, "set in devserver/settings.go and not in singleNode")
}

// devserverSettings are the values of defaultSettings as they are written, by the names of Temporal's variables; constants of
// the file are put in.
func devserverSettings(t *testing.T) map[string]string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "../../devserver/settings.go", nil, parser.SkipObjectResolution)
	require.NoError(t, err)
	constants, out := map[string]string{}, map[string]string{}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.ValueSpec:
			if len(n.Values) > 0 {
				constants[n.Names[0].Name] = types.ExprString(n.Values[0])
			}
		case *ast.KeyValueExpr:
			name, isKey := strings.CutSuffix(types.ExprString(n.Key), ".Key()")
			if !isKey {
				break
			}
			value := types.ExprString(n.Value)
			for name, is := range constants {
				value = strings.ReplaceAll(value, name, is)
			}
			out[strings.TrimPrefix(name, "dynamicconfig.")] = value
		}
		return true
	})
	require.NotEmpty(t, out)
	return out
}

// nameOf finds the variable of a key such as matching.numTaskqueueReadPartitions: it is named so, with or without the
// service in front.
func nameOf(settings map[string]string, key string) (string, bool) {
	service, setting, _ := strings.Cut(key, ".")
	for name := range settings {
		if strings.EqualFold(name, setting) || strings.EqualFold(name, service+setting) {
			return name, true
		}
	}
	return "", false
}

func constantOf(t *testing.T, expression string) string {
	t.Helper()
	value, err := types.Eval(token.NewFileSet(), nil, token.NoPos, expression)
	require.NoError(t, err)
	require.NotEqual(t, constant.Unknown, value.Value.Kind(), expression)
	return value.Value.ExactString()
}
