package postfix

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"text/template"
	"time"

	"github.com/stretchr/testify/require"

	"duradesk/postgres/cluster/tether"
)

// Options say where mail goes.
type Options struct {
	// Home takes all mail but that of the domains in Routes: host:port.
	Home string
	// Routes are servers of single domains.
	Routes map[string]string
}

// Possible reports whether this machine can run a Postfix: its master must be started by root.
func Possible() bool {
	_, err := exec.LookPath("postfix")
	return err == nil && os.Geteuid() == 0
}

// Start runs a Postfix until the test ends, and returns where it takes mail.
func Start(t testing.TB, o Options) (addr string) {
	t.Helper()
	// Sockets have short names, and Postfix's own users must reach the directory: so not below t.TempDir().
	dir, err := os.MkdirTemp("/tmp", "postfix-")
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	require.NoError(t, os.Chmod(dir, 0o755)) // Postfix's users read it
	for _, d := range []string{"queue", "data", "config"} {
		require.NoError(t, os.Mkdir(filepath.Join(dir, d), 0o755)) // likewise
	}
	own := exec.Command("chown", "postfix", filepath.Join(dir, "data"))
	require.NoError(t, own.Run())
	addr = freePort(t)
	config := filepath.Join(dir, "config")
	write(t, filepath.Join(config, "main.cf"), mainCF, map[string]any{"Dir": dir, "Home": o.Home, "Routes": o.Routes})
	write(t, filepath.Join(config, "master.cf"), masterCF, map[string]any{"Addr": addr})
	run(t, config, addr, filepath.Join(dir, "log"))
	return addr
}

func run(t testing.TB, config, addr, log string) {
	t.Helper()
	cmd := exec.Command("postfix", "-c", config, "start-fg")
	said, err := os.OpenFile(log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644) // Postfix's users write it
	require.NoError(t, err)
	cmd.Stdout, cmd.Stderr = said, said
	process, err := tether.Start(cmd, syscall.SIGTERM)
	require.NoError(t, err)
	require.NoError(t, said.Close())
	t.Cleanup(func() {
		process.Signal(syscall.SIGTERM)
		select {
		case <-process.Done():
		case <-time.After(10 * time.Second):
			process.Signal(syscall.SIGKILL)
			<-process.Done()
		}
		if t.Failed() {
			text, _ := os.ReadFile(log)
			t.Logf("Postfix said:\n%s", text[max(0, len(text)-4000):])
		}
	})
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for !listens(ctx, addr) {
		select {
		case <-process.Done():
			require.FailNow(t, "Postfix does not start", "%v", process.Err())
		case <-ctx.Done():
			require.FailNow(t, "Postfix does not answer")
		case <-time.After(20 * time.Millisecond): // it tells nobody when it listens
		}
	}
}

func listens(ctx context.Context, addr string) bool {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", addr)
	if err == nil {
		_ = conn.Close()
	}
	return err == nil
}

func freePort(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

func write(t testing.TB, file string, text *template.Template, values any) {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, text.Execute(&b, values))
	require.NoError(t, os.WriteFile(file, b.Bytes(), 0o644)) // Postfix's users read it
}

// nexthop writes host:port as Postfix does, without asking the name service.
func nexthop(addr string) string {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return fmt.Sprintf("smtp:[%s]", addr)
	}
	return fmt.Sprintf("smtp:[%s]:%s", host, port)
}

var mainCF = template.Must(template.New("main.cf").Funcs(template.FuncMap{"nexthop": nexthop}).Parse(`compatibility_level = 3.6
queue_directory = {{.Dir}}/queue
data_directory = {{.Dir}}/data
maillog_file = /dev/stdout
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = mx.example
mydestination =
mynetworks = 127.0.0.0/8
smtpd_relay_restrictions = permit_mynetworks, reject
default_transport = {{nexthop .Home}}
transport_maps = inline:{ {{range $domain, $addr := .Routes}}{ {{$domain}} = {{nexthop $addr}} } {{end}}}
alias_maps =
alias_database =
local_recipient_maps =
biff = no
disable_dns_lookups = yes
recipient_delimiter = +
queue_run_delay = 1s
minimal_backoff_time = 1s
maximal_backoff_time = 1s
delay_warning_time = 1s
`))

var masterCF = template.Must(template.New("master.cf").Parse(`{{.Addr}} inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 1 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
`))
