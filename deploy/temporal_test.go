package deploy_test

import (
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/dotenv"
	"github.com/stretchr/testify/require"

	"duradesk/dispatch/temporaltest"
)

// soak has the guide followed with the programs of Temporal that it installs. They take minutes to build; without it they
// are played, and the desk works with the Temporal of the tests.
var soak = os.Getenv("DURADESK_SOAK") != ""

// programs plays what `go install` builds of Temporal: each goes on when it was started as the real one wants it.
const programs = `case ${0##*/} in
temporal-sql-tool) [ "$1 $2" = "--plugin postgres12" ] && [ -n "$SQL_HOST$SQL_PORT" ] && [ -n "$SQL_USER" ] && [ -n "$SQL_PASSWORD" ] ;;
temporal-server) [ "$1 $3" = "--config-file start" ] && [ -r "$2" ] && [ -n "$SQL_PASSWORD" ] && exec sleep infinity ;;
temporal-ui) [ "$1 $3 $4 $5 $7" = "--root --config . --env start" ] && [ -r "$2/$6.yaml" ] && exec sleep infinity ;;
*) exit 1 ;;
esac`

// leadTemporal says where the addresses of Temporal lead on this machine, and plays its installation where nobody soaks.
func (m *machine) leadTemporal() []string {
	m.t.Helper()
	if soak {
		var where []string
		for _, port := range []string{"7233", "7243", "8233", "8000", "7234", "7235", "7239", "6933", "6934", "6935", "6939"} {
			address := m.low()
			_, free, err := net.SplitHostPort(address)
			require.NoError(m.t, err)
			where = append(where, "127.0.0.1:"+port, address, "ort: "+port, "ort: "+free)
		}
		return where
	}
	compiler, err := exec.LookPath("go")
	require.NoError(m.t, err)
	m.play("built", programs)
	m.play("go", `[ "$1" = install ] || exec `+compiler+` "$@"
shift; mkdir -p "$GOBIN"; for package; do name=${package%@v*}; cp `+filepath.Join(m.root, "played/built")+` "$GOBIN/${name##*/}"; done`)
	m.play("curl", `[[ "${!#}" == http://127.0.0.1:* ]]`)
	return []string{"127.0.0.1:7233", temporaltest.Address(m.t), "TEMPORAL_NAMESPACE=default", "TEMPORAL_NAMESPACE=" + temporaltest.Namespace(m.t)}
}

// low is a free address whose port Temporal can write down: its table of members has two bytes with a sign for it, and
// the kernel gives ports above that.
func (m *machine) low() string {
	m.t.Helper()
	for {
		address := net.JoinHostPort("127.0.0.1", strconv.Itoa(10000+rand.IntN(20000)))
		if listener, err := new(net.ListenConfig).Listen(m.t.Context(), "tcp", address); err == nil {
			require.NoError(m.t, listener.Close())
			return address
		}
		require.NoError(m.t, m.t.Context().Err())
	}
}

// fillInTemporal writes the password; what names addresses of the machine itself is led here.
func (m *machine) fillInTemporal() {
	m.t.Helper()
	m.fillIn("etc/temporal/temporal.env")
	m.fillIn("etc/temporal/server.yaml")
}

// looksAtTemporal: the server and the user interface run, and where they are real, tickets live in that server.
func (m *machine) looksAtTemporal() {
	m.t.Helper()
	m.mu.Lock()
	for _, name := range []string{"temporal", "temporal-ui"} {
		require.Contains(m.t, m.units, name)
		select {
		case <-m.units[name].Done():
			require.Fail(m.t, "it has ended", name)
		default:
		}
	}
	m.mu.Unlock()
	if soak {
		require.Contains(m.t, m.rows("temporal_visibility", `select workflow_id from executions_visibility`), "ticket-1001")
		require.Equal(m.t, []string{"512"}, m.rows("temporal", `select count(distinct shard_id)::text from shards`))
	}
}

// TestTemporalRunsByItsFiles: the unit, the settings and the example of its environment fit each other. That the server
// takes the settings is tried in devserver/, which has its code.
func TestTemporalRunsByItsFiles(t *testing.T) {
	t.Parallel()
	unit := units(t)["temporal.service"]
	require.Equal(t, []string{"/usr/local/bin/temporal-server --config-file /etc/temporal/server.yaml start"}, unit["Service.ExecStart"])
	require.Equal(t, []string{"/etc/temporal/temporal.env"}, unit["Service.EnvironmentFile"])
	require.Equal(t, []string{"temporal"}, unit["Service.User"], "not as root")
	require.Equal(t, []string{"yes"}, units(t)["temporal-ui.service"]["Service.DynamicUser"], "not as root")
	env, err := dotenv.Read("temporal/temporal.env.example")
	require.NoError(t, err)
	variables := func(file, expression string) map[string]string {
		found := map[string]string{}
		for _, m := range regexp.MustCompile(expression).FindAllStringSubmatch(read(t, file), -1) {
			found[m[1]] = env[m[1]]
		}
		return found
	}
	require.Equal(t, env, variables("temporal/server.yaml", `env "(\w+)"`), "the server reads what the example has, no more and no less")
	require.Equal(t, env, variables("temporal/schema.sh", `\b(SQL_[A-Z]+)`), "and so does schema.sh")
	require.Equal(t, "PASSWORD", env["SQL_PASSWORD"], "a value that somebody could keep")
}

var installed = regexp.MustCompile(`(\S+)/cmd/\S+@v(\S+)`)

// TestTheGuideInstallsWhatTheTestsRun: the versions of Temporal are those of devserver/.
func TestTheGuideInstallsWhatTheTestsRun(t *testing.T) {
	t.Parallel()
	guide, module := read(t, "../docs/operators.md"), read(t, "../devserver/go.mod")
	found := installed.FindAllStringSubmatch(guide, -1)
	require.Len(t, found, 3)
	for _, f := range found {
		require.Contains(t, module, "\t"+f[1]+" v"+f[2]+"\n", f[0])
		if strings.HasSuffix(f[1], "/server") {
			require.Contains(t, guide, "`temporal_"+f[2]+"_linux_amd64.tar.gz`")
		}
	}
}
