package send_test

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"io"
	"math/big"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
	"github.com/stretchr/testify/require"

	"duradesk/mail/send"
)

// script is an SMTP server that says what a test wants; its serve gets the connection after accept.
func script(t *testing.T, serve func(conn net.Conn, lines *bufio.Reader)) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			context.AfterFunc(t.Context(), func() { _ = conn.Close() })
			go serve(conn, bufio.NewReader(conn))
		}
	}()
	return listener.Addr().String()
}

// talk answers commands until one starts with stop, which it returns.
func talk(conn net.Conn, lines *bufio.Reader, stop string, extensions ...string) string {
	fmt.Fprint(conn, "220 ready\r\n")
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			return ""
		}
		verb := strings.ToUpper(strings.TrimSpace(line))
		switch {
		case strings.HasPrefix(verb, stop):
			return line
		case strings.HasPrefix(verb, "EHLO"):
			fmt.Fprint(conn, "250-script\r\n")
			for _, e := range extensions {
				fmt.Fprintf(conn, "250-%s\r\n", e)
			}
			fmt.Fprint(conn, "250 ok\r\n")
		default:
			fmt.Fprint(conn, "250 ok\r\n")
		}
	}
}

func sendTo(t *testing.T, addr string, message []byte) send.Reply {
	t.Helper()
	result, err := transport(t, send.Config{Addr: addr, Timeouts: short}).Send(t.Context(), send.Envelope{From: desk, To: []string{alice}}, message, nil)
	require.NoError(t, err)
	return result.Replies[0]
}

// TestNetworkScripts are losses that a polite server cannot produce.
func TestNetworkScripts(t *testing.T) {
	t.Parallel()
	huge := []byte("Subject: x\r\n\r\n" + strings.Repeat("0123456789\r\n", 4<<20/12*4))
	for name, c := range map[string]struct {
		serve   func(net.Conn, *bufio.Reader)
		message []byte
		want    send.Outcome
		phase   send.Phase
	}{
		"hangs up instead of the greeting": {func(c net.Conn, _ *bufio.Reader) { _ = c.Close() }, raw, send.Temporary, send.PhaseConnect},
		"is no SMTP server":                {func(c net.Conn, _ *bufio.Reader) { fmt.Fprint(c, "HTTP/1.1 400 Bad Request\r\n\r\n") }, raw, send.Temporary, send.PhaseConnect},
		"never greets":                     {func(net.Conn, *bufio.Reader) {}, raw, send.Temporary, send.PhaseConnect},
		"hangs up after 354": {func(c net.Conn, r *bufio.Reader) {
			talk(c, r, "DATA")
			fmt.Fprint(c, "354 go on\r\n")
			_ = c.(*net.TCPConn).SetLinger(0)
			_ = c.Close()
		}, huge, send.Temporary, send.PhaseData},
		"stops reading the text": {func(c net.Conn, r *bufio.Reader) {
			talk(c, r, "DATA")
			fmt.Fprint(c, "354 go on\r\n")
		}, huge, send.Temporary, send.PhaseData},
		"hangs up after the dot": {func(c net.Conn, r *bufio.Reader) {
			talk(c, r, "DATA")
			fmt.Fprint(c, "354 go on\r\n")
			readToDot(r)
			_ = c.Close()
		}, raw, send.Uncertain, send.PhaseDot},
		"says nothing after the dot": {func(c net.Conn, r *bufio.Reader) {
			talk(c, r, "DATA")
			fmt.Fprint(c, "354 go on\r\n")
			readToDot(r)
		}, raw, send.Uncertain, send.PhaseDot},
		"says half a line after the dot": {func(c net.Conn, r *bufio.Reader) {
			talk(c, r, "DATA")
			fmt.Fprint(c, "354 go on\r\n")
			readToDot(r)
			fmt.Fprint(c, "25")
			_ = c.Close()
		}, raw, send.Uncertain, send.PhaseDot},
		"hangs up after 250": {func(c net.Conn, r *bufio.Reader) {
			talk(c, r, "DATA")
			fmt.Fprint(c, "354 go on\r\n")
			readToDot(r)
			fmt.Fprint(c, "250 taken\r\n")
			_ = c.Close()
		}, raw, send.Accepted, send.PhaseDot},
		"says 421 and hangs up": {func(c net.Conn, r *bufio.Reader) {
			talk(c, r, "RCPT")
			fmt.Fprint(c, "421 4.3.2 shutting down\r\n")
			_ = c.Close()
		}, raw, send.Temporary, send.PhaseRcpt},
		"takes only small mails": {func(c net.Conn, r *bufio.Reader) { talk(c, r, "MAIL", "SIZE 10") }, raw, send.Permanent, send.PhaseMail},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			reply := sendTo(t, script(t, c.serve), c.message)
			require.Equal(t, c.want, reply.Outcome, reply.String())
			require.Equal(t, c.phase, reply.Phase)
		})
	}
}

func readToDot(r *bufio.Reader) {
	for {
		if line, err := r.ReadString('\n'); err != nil || line == ".\r\n" {
			return
		}
	}
}

func TestNoServer(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	addr := listener.Addr().String()
	require.NoError(t, listener.Close())
	require.Equal(t, send.Temporary, sendTo(t, addr, raw).Outcome)
	require.Equal(t, send.Temporary, sendTo(t, "no-such-host.invalid:25", raw).Outcome)
}

// TestNothingInTheClear: where STARTTLS is asked for and not offered, or the certificate is not trusted, neither
// password nor mail leaves.
func TestNothingInTheClear(t *testing.T) {
	t.Parallel()
	var seen sync.Map
	addr := script(t, func(c net.Conn, r *bufio.Reader) {
		line := talk(c, r, "AUTH", "AUTH PLAIN")
		seen.Store(line, true)
	})
	tr := transport(t, send.Config{Addr: addr, TLS: send.TLSStartTLS, Username: desk, Password: "s3cret", Timeouts: short})
	result, err := tr.Send(t.Context(), send.Envelope{From: desk, To: []string{alice}}, raw, nil)
	require.NoError(t, err)
	require.Equal(t, send.Temporary, result.Replies[0].Outcome)
	require.Equal(t, send.ScopeAccount, result.Replies[0].Scope)
	require.Contains(t, result.Replies[0].Text, "STARTTLS")
	seen.Range(func(line, _ any) bool { require.Empty(t, line); return true })
}

func TestTLS(t *testing.T) {
	t.Parallel()
	certificate, pool := testCertificate(t)
	backend := &backend{mails: make(chan string, 10)}
	server := smtp.NewServer(backend)
	server.TLSConfig = &tls.Config{Certificates: []tls.Certificate{certificate}}
	plain, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	secured, err := tls.Listen("tcp", "127.0.0.1:0", server.TLSConfig)
	require.NoError(t, err)
	t.Cleanup(func() { _ = server.Close() })
	go func() { _ = server.Serve(plain) }()
	go func() { _ = server.Serve(secured) }()
	for mode, addr := range map[send.TLSMode]string{send.TLSStartTLS: plain.Addr().String(), send.TLSImplicit: secured.Addr().String()} {
		c := send.Config{Addr: addr, TLS: mode}
		result, err := transport(t, c).Send(t.Context(), send.Envelope{From: desk, To: []string{alice}}, raw, nil)
		require.NoError(t, err)
		require.Equal(t, send.Temporary, result.Replies[0].Outcome, "unknown authority")
		require.Equal(t, send.ScopeAccount, result.Replies[0].Scope)

		c.TLSConfig = &tls.Config{RootCAs: pool, ServerName: "localhost"}
		result, err = transport(t, c).Send(t.Context(), send.Envelope{From: desk, To: []string{alice}}, raw, nil)
		require.NoError(t, err)
		require.Equal(t, send.Accepted, result.Replies[0].Outcome, result.Replies[0].String())
		require.Equal(t, string(raw), <-backend.mails)
	}
}

type backend struct{ mails chan string }

func (b *backend) NewSession(*smtp.Conn) (smtp.Session, error) { return b, nil }
func (b *backend) Mail(string, *smtp.MailOptions) error        { return nil }
func (b *backend) Rcpt(string, *smtp.RcptOptions) error        { return nil }
func (b *backend) Reset()                                      {}
func (b *backend) Logout() error                               { return nil }
func (b *backend) Data(r io.Reader) error {
	text, err := io.ReadAll(r)
	b.mails <- string(text)
	return err
}

func testCertificate(t *testing.T) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "localhost"}, DNSNames: []string{"localhost"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	require.NoError(t, err)
	parsed, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	pool := x509.NewCertPool()
	pool.AddCert(parsed)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pool
}
