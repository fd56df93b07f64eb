package main

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// What people try first is no unknown command.
func TestHelpAndVersionAreCommands(t *testing.T) {
	t.Parallel()
	says := func(args ...string) string {
		out, err := programCommand(args...).Output()
		require.NoError(t, err, args)
		return string(out)
	}
	require.Contains(t, says("help"), "Usage: duradesk <command>")
	for _, command := range [][]string{nil, {"ticket"}, {"mailbox", "add"}, {"up"}} {
		require.Equal(t, says(append(command, "--help")...), says(append([]string{"help"}, command...)...))
	}
	require.Regexp(t, `^(v\d\S*|devel-[0-9a-f]{12})\n$`, says("version"))
	require.Equal(t, says("version"), says("--version"))
	require.Contains(t, fails(t, programCommand("help", "fish")), "duradesk: unexpected argument fish")
}
