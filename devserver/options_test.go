package main

import (
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
)

// startDev is the command line with the flags.
func startDev(flags ...string) []string { return append([]string{"server", "start-dev"}, flags...) }

func TestDefaults(t *testing.T) {
	t.Parallel()
	o, err := parseOptions(startDev())
	require.NoError(t, err)
	require.Equal(t, "127.0.0.1", o.ip)
	require.Equal(t, 7233, o.port)
	require.Equal(t, "127.0.0.1", o.uiIP)
	require.Equal(t, 8233, o.uiPort)
	require.Equal(t, []string{"default"}, o.namespaces)
	require.Equal(t, slog.LevelWarn, o.logLevel)
	require.Empty(t, o.dbFilename)
}

// The arguments that testsuite.StartDevServer of SDK v1.50.0 can pass, all at
// once.
func TestArgumentsOfTheSDK(t *testing.T) {
	t.Parallel()
	o, err := parseOptions(startDev(
		"--ip", "127.0.0.1", "--port", "40001", "--namespace", "default",
		"--dynamic-config-value", "frontend.enableServerVersionCheck=false",
		"--log-level", "error", "--log-format", "pretty",
		"--db-filename", "/tmp/x.db", "--ui-port", "40002",
		"--search-attribute", "TicketNumber=Int", "--search-attribute", "Tags=KeywordList",
	))
	require.NoError(t, err)
	require.Equal(t, 40001, o.port)
	require.Equal(t, 40002, o.uiPort)
	require.Equal(t, []string{"default"}, o.namespaces)
	require.Equal(t, map[string]string{"frontend.enableServerVersionCheck": "false"}, o.dynamicConfig)
	require.Equal(t, map[string]enumspb.IndexedValueType{
		"TicketNumber": enumspb.INDEXED_VALUE_TYPE_INT,
		"Tags":         enumspb.INDEXED_VALUE_TYPE_KEYWORD_LIST,
	}, o.searchAttributes)
}

func TestForms(t *testing.T) {
	t.Parallel()
	// Flags may stand before the command, in one word, and in short.
	o, err := parseOptions([]string{
		"--log-level=never", "server", "start-dev", "-p", "70", "-f", "x.db", "-n", "a", "-n", "b", "-n", "a",
		"--headless=true", "--ui-ip", "[::1]", "--ip", "0.0.0.0", "--sqlite-pragma", "cache_size=-1000", "--ui-codec-endpoint", "http://x/?a=b",
	})
	require.NoError(t, err)
	require.Equal(t, levelNever, o.logLevel)
	require.Equal(t, []string{"default", "a", "b"}, o.namespaces)
	require.True(t, o.headless)
	require.Equal(t, "::1", o.uiIP)
	require.Equal(t, "0.0.0.0", o.ip)
	require.Equal(t, "127.0.0.1", reachable(o.ip))
	require.Equal(t, map[string]string{"cache_size": "-1000"}, o.pragmas)
	require.Equal(t, "http://x/?a=b", o.uiCodecEndpoint)
}

func TestRefusedArguments(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		args []string
		want string
	}{
		{nil, `the command is "server start-dev", not "" (see --help)`},
		{[]string{"workflow", "list"}, `the command is "server start-dev", not "workflow list" (see --help)`},
		{startDev("--no-such"), "unknown flag: --no-such (see --help)"},
		{startDev("--port"), "flag needs an argument: --port (see --help)"},
		{startDev("--port", "many"), `invalid argument "many" for "-p, --port" flag: strconv.ParseInt: parsing "many": invalid syntax (see --help)`},
		{startDev("--port", "0"), "--port 0: want 1 to 65535"},
		{startDev("--port", "65536"), "--port 65536: want 1 to 65535"},
		{startDev("--ui-port", "-1"), "--ui-port -1: want 1 to 65535"},
		{startDev("--metrics-port", "70000"), "--metrics-port 70000: want 1 to 65535"},
		{startDev("--port", "7000", "--ui-port", "7000"), "--port and --ui-port are both 7000: give them different ports"},
		{startDev("--http-port", "7233"), "--port and --http-port are both 7233: give them different ports"},
		{startDev("--ip", "desk.example"), `--ip "desk.example": want an IP address or localhost`},
		{startDev("--ui-ip", "300.1.1.1"), `--ui-ip "300.1.1.1": want an IP address or localhost`},
		{startDev("--namespace", ""), "--namespace: the name is empty"},
		{startDev("--search-attribute", "Number"), `--search-attribute "Number": want KEY=VALUE`},
		{startDev("--search-attribute", "Number=Number"), `--search-attribute Number: unknown type "Number": want one of Bool, Datetime, Double, Int, Keyword, KeywordList, Text`},
		{startDev("--dynamic-config-value", "=1"), `--dynamic-config-value "=1": want KEY=VALUE`},
		{startDev("--sqlite-pragma", "wal"), `--sqlite-pragma "wal": want KEY=VALUE`},
		{startDev("--log-level", "loud"), `--log-level "loud": want debug, info, warn, error or never`},
		{startDev("--log-format", "xml"), `--log-format "xml": want text or json`},
	} {
		_, err := parseOptions(c.args)
		require.EqualError(t, err, c.want)
	}
}

// An argument that is refused ends the process with one line and code 2.
func TestRefusalIsOneLine(t *testing.T) {
	t.Parallel()
	code, stdout, stderr := runOnce(t, startDev("--no-such")...)
	require.Equal(t, 2, code)
	require.Empty(t, stdout)
	require.Equal(t, "devserver: unknown flag: --no-such (see --help)\n", stderr)
}
