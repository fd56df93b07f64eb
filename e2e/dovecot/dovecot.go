package dovecot

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"text/template"
	"time"

	"github.com/stretchr/testify/require"

	"duradesk/postgres/cluster/tether"
)

// Password opens every mailbox.
const Password = "demo"

// Owner is whom a server belongs to: a test, or whoever else can be told that something went wrong.
type Owner interface {
	require.TestingT
	Helper()
	Cleanup(func())
	Context() context.Context
	Failed() bool
	Logf(format string, args ...any)
}

// Options say what the server is like.
type Options struct {
	// Hide takes abilities away: MOVE, IDLE, UIDPLUS, as older servers lack them.
	Hide []string
	// Quota is the size that a mailbox may have, in Dovecot's words ("100k"); empty: none.
	Quota string
	// Introspect is where access tokens are asked about (RFC 7662), the token at its end; empty: only passwords let in.
	Introspect string
}

// Server is a running Dovecot. Every address is a mailbox of it.
type Server struct {
	IMAPAddr, LMTPAddr string

	t       Owner
	dir     string
	config  string
	process *tether.Process
	filled  int
}

// Start runs a Dovecot until its owner ends. Where none is installed it is fetched from Debian, which needs root.
func Start(t Owner, o Options) *Server {
	t.Helper()
	require.NoError(t, installed())
	// Dovecot's own users must reach the directory, and sockets have short names: so not below t.TempDir().
	dir, err := os.MkdirTemp("/tmp", "dovecot-")
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	require.NoError(t, os.Chmod(dir, 0o755)) // Dovecot's users read it
	s := &Server{IMAPAddr: freePort(t), LMTPAddr: freePort(t), t: t, dir: dir, config: filepath.Join(dir, "dovecot.conf")}
	mails := filepath.Join(dir, "mail")
	require.NoError(t, os.Mkdir(mails, 0o700))
	give(t, mails)
	s.write(o)
	s.Run()
	t.Cleanup(s.Stop)
	return s
}

// freePort gives an address that nobody listens on.
func freePort(t Owner) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

var configuration = template.Must(template.New("dovecot.conf").Parse(`
base_dir = {{.Dir}}/run
state_dir = {{.Dir}}/state
log_path = {{.Dir}}/log
protocols = imap lmtp
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
auth_failure_delay = 0
auth_mechanisms = plain login xoauth2 oauthbearer
first_valid_uid = 1
first_valid_gid = 1
mail_location = maildir:{{.Dir}}/mail/%Lu
mail_uid = {{.UID}}
mail_gid = {{.GID}}
{{- if .User}}
default_internal_user = {{.User}}
default_internal_group = {{.Group}}
default_login_user = {{.User}}
{{- end}}
mail_max_userip_connections = 100
recipient_delimiter = +
lmtp_save_to_detail_mailbox = no
login_greeting = ready
mailbox_list_index = yes
{{- if .Quota}}
mail_plugins = quota
plugin {
  quota = count:User quota
  quota_vsizes = yes
  quota_rule = *:storage={{.Quota}}
  quota_grace = 0
}
{{- end}}
namespace inbox {
  inbox = yes
}
{{- if .Introspect}}
passdb {
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = {{.Dir}}/oauth2.conf
}
{{- end}}
passdb {
  driver = static
  args = password=demo
  mechanisms = plain login
}
userdb {
  driver = static
  args = uid={{.UID}} gid={{.GID}} home={{.Dir}}/mail/%Lu allow_all_users=yes
}
service imap-login {
  chroot =
  inet_listener imap {
    address = 127.0.0.1
    port = {{.IMAP}}
  }
  inet_listener imaps {
    port = 0
  }
}
service lmtp {
  inet_listener lmtp {
    address = 127.0.0.1
    port = {{.LMTP}}
  }
}
service anvil {
  chroot =
}
service stats {
  chroot =
}
{{- if .Capability}}
protocol imap {
  imap_capability = {{.Capability}}
}
{{- end}}
protocol lmtp {
  postmaster_address = postmaster@desk.example
}
`))

// abilities are what Dovecot 2.3 offers, without those to be hidden.
func abilities(hide []string) string {
	if len(hide) == 0 {
		return ""
	}
	list := " IMAP4rev1 SASL-IR LOGIN-REFERRALS ID ENABLE IDLE LITERAL+ NAMESPACE UIDPLUS LIST-EXTENDED CHILDREN UNSELECT MOVE CONDSTORE "
	for _, h := range hide {
		list = strings.Replace(list, " "+h+" ", " ", 1)
	}
	return strings.TrimSpace(list)
}

func (s *Server) write(o Options) {
	_, imap, _ := net.SplitHostPort(s.IMAPAddr)
	_, lmtp, _ := net.SplitHostPort(s.LMTPAddr)
	var text bytes.Buffer
	values := map[string]string{"UID": strconv.Itoa(owner()), "GID": strconv.Itoa(group())}
	if os.Geteuid() != 0 {
		me, err := user.Current()
		require.NoError(s.t, err)
		mine, err := user.LookupGroupId(me.Gid)
		require.NoError(s.t, err)
		values["User"], values["Group"] = me.Username, mine.Name
	}
	maps.Copy(values, map[string]string{"Dir": s.dir, "IMAP": imap, "LMTP": lmtp, "Quota": o.Quota, "Capability": abilities(o.Hide), "Introspect": o.Introspect})
	require.NoError(s.t, configuration.Execute(&text, values))
	if o.Introspect != "" {
		ask := "introspection_url = " + o.Introspect + "\nintrospection_mode = get\nactive_attribute = active\nactive_value = true\nusername_attribute = username\n"
		require.NoError(s.t, os.WriteFile(filepath.Join(s.dir, "oauth2.conf"), []byte(ask), 0o644)) // Dovecot's users read it
	}
	require.NoError(s.t, os.WriteFile(s.config, text.Bytes(), 0o644)) // Dovecot's users read it
}

// Run starts the server, again under the same addresses, and waits until it answers.
func (s *Server) Run() {
	s.t.Helper()
	cmd := exec.Command(program(), "-F", "-c", s.config)
	said, err := os.OpenFile(filepath.Join(s.dir, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	require.NoError(s.t, err)
	cmd.Stdout, cmd.Stderr = said, said
	s.process, err = tether.Start(cmd, syscall.SIGTERM)
	require.NoError(s.t, err)
	require.NoError(s.t, said.Close())
	ctx, cancel := context.WithTimeout(context.WithoutCancel(s.t.Context()), 20*time.Second)
	defer cancel()
	for _, addr := range []string{s.IMAPAddr, s.LMTPAddr} {
		for !listens(ctx, addr) {
			select {
			case <-s.process.Done():
				require.FailNow(s.t, "Dovecot does not start", "%v\n%s", s.process.Err(), s.log())
			case <-ctx.Done():
				require.FailNow(s.t, "Dovecot does not answer", "%s", s.log())
			case <-time.After(20 * time.Millisecond): // it tells nobody when it listens
			}
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

// Stop ends the server and every connection to it.
func (s *Server) Stop() {
	s.process.Signal(syscall.SIGTERM)
	select {
	case <-s.process.Done():
	case <-time.After(10 * time.Second):
		s.process.Signal(syscall.SIGKILL)
		<-s.process.Done()
	}
	if s.t.Failed() {
		s.t.Logf("Dovecot said:\n%s", s.log())
	}
}

func (s *Server) log() string {
	text, _ := os.ReadFile(filepath.Join(s.dir, "log"))
	return string(text[max(0, len(text)-4000):])
}

// ForgetUIDs makes the INBOX of an address anew, as a restored backup does: another UIDVALIDITY, the mails stay. The
// server is stopped meanwhile.
func (s *Server) ForgetUIDs(address string) {
	s.t.Helper()
	s.Stop()
	files, err := filepath.Glob(filepath.Join(s.dir, "mail", address, "dovecot*"))
	require.NoError(s.t, err)
	require.NotEmpty(s.t, files)
	for _, f := range files {
		require.NoError(s.t, os.RemoveAll(f))
	}
	// The validity is made from the clock: two of the same second would be the same.
	<-time.After(1100 * time.Millisecond)
	s.Run()
}

// Fill puts mails into the INBOX of an address, as a delivery agent does that writes maildirs: many at once and exactly
// these bytes. They get their UIDs in this order.
func (s *Server) Fill(address string, mails [][]byte) {
	s.t.Helper()
	box := filepath.Join(s.dir, "mail", address)
	for _, d := range []string{box, filepath.Join(box, "tmp"), filepath.Join(box, "cur"), filepath.Join(box, "new")} {
		require.NoError(s.t, os.MkdirAll(d, 0o700))
		give(s.t, d)
	}
	s.filled++
	for i, raw := range mails {
		// The name begins with the delivery's second: Dovecot sorts by it.
		name := fmt.Sprintf("%010d.M%06dP%d.desk", 1700000000+s.filled*100000+i, i, s.filled)
		half := filepath.Join(box, "tmp", name)
		require.NoError(s.t, os.WriteFile(half, raw, 0o600))
		give(s.t, half)
		require.NoError(s.t, os.Rename(half, filepath.Join(box, "new", name)))
	}
}
