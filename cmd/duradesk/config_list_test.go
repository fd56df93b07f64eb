package main

import (
	"os"
	"testing"

	"github.com/alecthomas/kong"
	"github.com/stretchr/testify/require"
)

func TestTheListOfSettingsIsFresh(t *testing.T) {
	t.Parallel()
	parser, err := kong.New(&cli{})
	require.NoError(t, err)
	document, err := os.ReadFile("../../docs/configuration.md")
	require.NoError(t, err)
	require.Equal(t, configDocument(append(settingsOf(parser.Model.Node), outside...)), string(document), "run `make generate`")
}
