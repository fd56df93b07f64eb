package receive

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
)

// TLSMode is how the connection is protected.
type TLSMode string

// The modes. Without TLS a password is sent in the clear: for loopback and tests.
const (
	TLSNone     TLSMode = "none"
	TLSStartTLS TLSMode = "starttls"
	TLSImplicit TLSMode = "tls"
)

// Config says how to reach a mailbox.
type Config struct {
	Addr string // host:port
	TLS  TLSMode
	// Username and Password log in. TokenMechanism XOAUTH2 or OAUTHBEARER says that Password is an access token.
	Username, Password string
	TokenMechanism     string
	// Folder to read; INBOX if empty.
	Folder string
	// TLSConfig is for tests and private authorities; nil means the system's.
	TLSConfig *tls.Config
	// Stall is how long the server may stay silent while an answer is awaited; default 30 s. DialTimeout bounds the
	// connect; default 30 s.
	Stall, DialTimeout time.Duration
	// IdleAtMost is how long one IDLE lasts before it is renewed; default 9 minutes, below the 10 after which many routers
	// forget a quiet connection. Poll is how often a server without IDLE is asked; default 15 s.
	IdleAtMost, Poll time.Duration
	// MaxBytes is the size above which only the beginning of a mail is fetched; default 50 MiB. HeadBytes is how much of
	// such a mail that is; default 256 KiB.
	MaxBytes, HeadBytes int64
}

func (c Config) withDefaults() (Config, error) {
	if c.Folder == "" {
		c.Folder = "INBOX"
	}
	if c.TLS == "" {
		c.TLS = TLSImplicit
	}
	if c.Stall <= 0 {
		c.Stall = 30 * time.Second
	}
	if c.DialTimeout <= 0 {
		c.DialTimeout = 30 * time.Second
	}
	if c.IdleAtMost <= 0 {
		c.IdleAtMost = 9 * time.Minute
	}
	if c.Poll <= 0 {
		c.Poll = 15 * time.Second
	}
	if c.MaxBytes <= 0 {
		c.MaxBytes = 50 << 20
	}
	if c.HeadBytes <= 0 {
		c.HeadBytes = 256 << 10
	}
	switch {
	case c.TLS != TLSNone && c.TLS != TLSStartTLS && c.TLS != TLSImplicit:
		return c, fmt.Errorf("unknown TLS mode %q: use none, starttls or tls", c.TLS)
	case strings.ContainsAny(c.Username+c.Password+c.Folder, "\r\n\x00"):
		return c, errors.New("user name, password or folder holds a line break")
	}
	return c, nil
}

// Mailbox is a logged-in connection. Its methods are for one goroutine at a time, but for Close. After an error of the
// kinds link or busy it is of no use any more: Close it and Dial again.
type Mailbox struct {
	config Config
	conn   *watchedConn
	client *imapclient.Client
	caps   imap.CapSet

	news   chan struct{} // something may be new: EXISTS came
	mu     sync.Mutex
	folder Folder
}

// Folder is the state of the selected folder.
type Folder struct {
	UIDValidity uint32
	UIDNext     uint32 // 0 if the server does not tell
	Messages    uint32
	// Keywords says that keywords of our own can be stored; Flags lists what else can.
	Keywords bool
	Flags    []string
}

// Dial connects and logs in. Every call ends soon after ctx does.
func Dial(ctx context.Context, config Config) (*Mailbox, error) {
	config, err := config.withDefaults()
	if err != nil {
		return nil, &Error{Trouble: TroubleConfig, Doing: "check mailbox settings", Err: err}
	}
	doing := "connect to " + config.Addr
	dialing, cancel := context.WithTimeout(ctx, config.DialTimeout)
	defer cancel()
	raw, err := dial(dialing, config)
	if err != nil {
		return nil, &Error{Trouble: dialTrouble(err), Doing: doing, Err: err}
	}
	m := &Mailbox{config: config, conn: &watchedConn{Conn: raw}, news: make(chan struct{}, 1)}
	stop := context.AfterFunc(ctx, func() { _ = raw.Close() })
	defer stop()
	m.conn.expect(config.Stall)
	if err := m.open(); err != nil {
		_ = raw.Close()
		return nil, wrap(ctx, doing, err)
	}
	if err := m.login(); err != nil {
		_ = m.Close()
		return nil, wrap(ctx, "log in to "+config.Addr+" as "+config.Username, err)
	}
	m.conn.expect(0)
	return m, nil
}

func dial(ctx context.Context, config Config) (net.Conn, error) {
	dialer := &net.Dialer{KeepAliveConfig: net.KeepAliveConfig{
		Enable: true, Idle: 30 * time.Second, Interval: 10 * time.Second, Count: 4,
	}}
	conn, err := dialer.DialContext(ctx, "tcp", config.Addr)
	if err != nil || config.TLS != TLSImplicit {
		return conn, err
	}
	secured := tls.Client(conn, tlsConfig(config, "imap"))
	if err := secured.HandshakeContext(ctx); err != nil {
		_ = conn.Close()
		return nil, err
	}
	return secured, nil
}

func tlsConfig(config Config, protocols ...string) *tls.Config {
	c := config.TLSConfig.Clone()
	if c == nil {
		c = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	if c.ServerName == "" {
		c.ServerName, _, _ = net.SplitHostPort(config.Addr)
	}
	if c.NextProtos == nil {
		c.NextProtos = protocols
	}
	return c
}

func dialTrouble(err error) Trouble {
	var certificate *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	if errors.As(err, &certificate) || errors.As(err, &record) {
		return TroubleConfig
	}
	return TroubleLink
}

// open reads the greeting and, where asked for, switches to TLS.
func (m *Mailbox) open() error {
	options := &imapclient.Options{
		UnilateralDataHandler: &imapclient.UnilateralDataHandler{
			Mailbox: func(data *imapclient.UnilateralDataMailbox) {
				if data.NumMessages != nil {
					m.wake()
				}
			},
		},
	}
	if m.config.TLS == TLSStartTLS {
		options.TLSConfig = tlsConfig(m.config)
		client, err := imapclient.NewStartTLS(m.conn, options)
		var status *imap.Error
		if errors.As(err, &status) || dialTrouble(err) == TroubleConfig {
			return &Error{Trouble: TroubleConfig, Doing: "start TLS with " + m.config.Addr, Err: err}
		}
		if err != nil {
			return err
		}
		m.client = client
		return nil
	}
	m.client = imapclient.New(m.conn, options)
	return m.greeting()
}

// greeting waits for the greeting. After a BYE both of the channels that the library selects on are closed and it
// answers by chance with what the server said or with "closed"; what the server said is the better answer.
func (m *Mailbox) greeting() error {
	err := m.client.WaitGreeting()
	var status *imap.Error
	for range 20 {
		if err == nil || errors.As(err, &status) {
			break
		}
		err = m.client.WaitGreeting()
	}
	return err
}

func (m *Mailbox) wake() {
	select {
	case m.news <- struct{}{}:
	default:
	}
}

// Close drops the connection at once, from any goroutine.
func (m *Mailbox) Close() error {
	err := m.conn.Close()
	if m.client != nil {
		_ = m.client.Close()
	}
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

// Logout says good-bye and closes.
func (m *Mailbox) Logout(ctx context.Context) error {
	err := m.run(ctx, "log out", func() error { return m.client.Logout().Wait() })
	_ = m.Close()
	return err
}

// run performs one command: it ends at the latest when the server is silent for Stall, or when ctx ends, because then
// the connection is closed under it.
func (m *Mailbox) run(ctx context.Context, doing string, command func() error) error {
	if err := ctx.Err(); err != nil {
		return wrap(ctx, doing, err)
	}
	stop := context.AfterFunc(ctx, func() { _ = m.conn.Close() })
	defer stop()
	m.conn.expect(m.config.Stall)
	err := command()
	m.conn.expect(0)
	return wrap(ctx, doing, err)
}

// Select opens the folder anew and tells its state: always the first thing to do, and the way to notice a changed
// UIDVALIDITY.
func (m *Mailbox) Select(ctx context.Context) (Folder, error) {
	var data *imap.SelectData
	err := m.run(ctx, "open folder "+m.config.Folder, func() (err error) {
		data, err = m.client.Select(m.config.Folder, nil).Wait()
		return err
	})
	if err != nil {
		var e *Error
		if errors.As(err, &e) && e.Trouble == TroubleRefused {
			e.Trouble = TroubleMissing
		}
		return Folder{}, err
	}
	f := Folder{UIDValidity: data.UIDValidity, UIDNext: uint32(data.UIDNext), Messages: data.NumMessages}
	for _, flag := range data.PermanentFlags {
		f.Flags = append(f.Flags, string(flag))
	}
	f.Keywords = slices.Contains(data.PermanentFlags, imap.FlagWildcard)
	m.mu.Lock()
	m.folder = f
	m.mu.Unlock()
	select {
	case <-m.news: // what SELECT reports is not news
	default:
	}
	return f, nil
}

// Can says whether the server has a capability, such as IDLE, MOVE or UIDPLUS.
func (m *Mailbox) Can(capability string) bool { return m.caps.Has(imap.Cap(capability)) }
