package main

import (
	"bytes"
	"context"
	"testing"

	"github.com/stretchr/testify/require"
)

// A part that is told to stop while it starts ends well, and says what it was waiting for.
func TestAPartThatIsStoppedWhileItStartsHasNotFailed(t *testing.T) {
	t.Parallel()
	const nobody = "postgres://127.0.0.1:1/nobody"
	ctx, stop := context.WithCancel(t.Context())
	stop()
	for _, c := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"worker", "--database-url", nobody, "--secret-key", "0123456789abcdef0123456789abcdef"}, 0, "duradesk: stopped: "},
		{[]string{"api", "--database-url", nobody, "--secret-key", "0123456789abcdef0123456789abcdef"}, 0, ""}, // it needs nobody to start
		{[]string{"migrate", "--database-url", nobody}, 1, "duradesk: the Postgres server"},                    // it was not done
	} {
		var said bytes.Buffer
		require.Equal(t, c.code, run(ctx, c.args, &said), "%s: %s", c.args, said.String())
		require.Contains(t, said.String(), c.says, "%s", c.args)
	}
}
