package world

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"regexp"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

const (
	maxMessage    = 50 << 20 // bytes; announced as SIZE and APPENDLIMIT unless the options say otherwise
	maxRecipients = 1000
	// maxLine is generous: a real server folds or passes on what is longer than RFC 5321 §4.5.3.1.6 allows.
	maxLine     = 1 << 20
	smtpTimeout = 5 * time.Minute // RFC 5321 §4.5.3.2.7
)

func (w *World) newSMTPServer() *smtp.Server {
	server := smtp.NewServer(smtp.BackendFunc(w.newSMTPSession))
	server.Domain = w.options.Domain
	server.MaxRecipients = maxRecipients
	server.MaxMessageBytes = int64(w.options.MaxMessage)
	server.MaxLineLength = maxLine
	server.AllowInsecureAuth = true
	server.EnableSMTPUTF8 = true
	server.EnableDSN = true
	server.ReadTimeout, server.WriteTimeout = smtpTimeout, smtpTimeout
	server.ErrorLog = quietLog{w.log, "smtp"}
	return server
}

// An smtpSession is one client at the SMTP door.
type smtpSession struct {
	world *World
	conn  *smtp.Conn
	wire  *wire

	from       string
	utf8       bool
	recipients []string // as given, without doubles
}

var (
	_ smtp.Session     = (*smtpSession)(nil)
	_ smtp.AuthSession = (*smtpSession)(nil)
)

func (w *World) newSMTPSession(c *smtp.Conn) (smtp.Session, error) {
	if err := w.store.enter(); err != nil {
		return nil, &smtp.SMTPError{Code: 421, EnhancedCode: smtp.EnhancedCode{4, 3, 2}, Message: "Shutting down"}
	}
	s := &smtpSession{world: w, conn: c, wire: c.Conn().(*wire)}
	s.wire.onGo = func() *Armed { return s.strike(AtData, s.recipients...) }
	return s, nil
}

// Logout implements smtp.Session; it is called once, at the end of the connection.
func (s *smtpSession) Logout() error {
	s.world.store.leave()
	return nil
}

// Reset implements smtp.Session.
func (s *smtpSession) Reset() { s.from, s.utf8, s.recipients = "", false, nil }

// AuthMechanisms implements smtp.AuthSession.
func (s *smtpSession) AuthMechanisms() []string { return []string{sasl.Plain} }

// Auth implements smtp.AuthSession: any name and password will do.
func (s *smtpSession) Auth(mechanism string) (sasl.Server, error) {
	if mechanism != sasl.Plain {
		return nil, smtp.ErrAuthUnknownMechanism
	}
	return sasl.NewPlainServer(func(_, username, _ string) error {
		return s.meet(AtAuth, username)
	}), nil
}

// Mail implements smtp.Session.
func (s *smtpSession) Mail(from string, opts *smtp.MailOptions) error {
	s.Reset()
	s.from, s.utf8 = from, opts.UTF8
	if from != "" {
		if err := s.checkAddress(from, smtp.EnhancedCode{5, 1, 7}); err != nil {
			return err
		}
	}
	return s.meet(AtMail)
}

// Rcpt implements smtp.Session: everybody is known here.
func (s *smtpSession) Rcpt(to string, _ *smtp.RcptOptions) error {
	if err := s.checkAddress(to, smtp.EnhancedCode{5, 1, 3}); err != nil {
		return err
	}
	if err := s.meet(AtRcpt, to); err != nil {
		return err
	}
	if !slices.Contains(s.recipients, to) {
		s.recipients = append(s.recipients, to)
	}
	return nil
}

func (s *smtpSession) checkAddress(address string, code smtp.EnhancedCode) error {
	if _, err := canonical(address); err != nil {
		return &smtp.SMTPError{Code: 553, EnhancedCode: code, Message: "That is no mail address"}
	}
	ascii := !slices.ContainsFunc([]byte(address), func(b byte) bool { return b >= utf8.RuneSelf })
	if !ascii && !s.utf8 {
		// RFC 6531 §3.5: a client that means it says SMTPUTF8.
		return &smtp.SMTPError{
			Code: 553, EnhancedCode: smtp.EnhancedCode{5, 6, 7}, Message: "An address beyond ASCII needs SMTPUTF8",
		}
	}
	return nil
}

// Data implements smtp.Session: when it returns nil the mail is on disk for every recipient.
func (s *smtpSession) Data(r io.Reader) error {
	if s.wire.swallow {
		return nil // DATA was refused by a fault; there is no message
	}
	raw, err := io.ReadAll(r)
	if err != nil {
		return err // as it is: the library knows its own "too large"
	}
	a := s.strike(AtDot, s.recipients...)
	if a != nil && a.fault.Do.kind == doReply {
		return a.fault.Do.smtpError()
	}
	if a != nil && a.fault.Do.kind == doDrop {
		return s.wire.Close()
	}
	if a != nil && a.fault.Do.kind == doStall {
		s.wire.wait(a)
	}
	if err := s.keep(raw); err != nil {
		return err
	}
	if a != nil && a.fault.Do.kind == doStallKept {
		s.wire.wait(a)
	}
	if a != nil && a.fault.Do.kind == doDropKept {
		return s.wire.Close()
	}
	return nil
}

func (s *smtpSession) keep(raw []byte) error {
	letters := make([]letter, len(s.recipients))
	for i, recipient := range s.recipients {
		letters[i] = letter{recipient: recipient, trace: s.trace(recipient)}
	}
	if _, err := s.world.store.deliver(letters, raw); err != nil {
		s.world.log.Error("mail world: cannot store a mail", "error", withoutPaths(err))
		return &smtp.SMTPError{
			Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 0}, Message: "The mail could not be stored, try again later",
		}
	}
	return nil
}

// strike asks the faults about this moment.
func (s *smtpSession) strike(at Phase, addresses ...string) *Armed {
	o := occasion{at: at, connection: s.wire.number, addresses: addresses}
	if at != AtAuth {
		o.sender = &s.from
	}
	return s.world.faults.strike(o)
}

// meet carries out a fault at a command: its error is the reply. A connection that was closed needs none.
func (s *smtpSession) meet(at Phase, addresses ...string) error {
	a := s.strike(at, addresses...)
	if a == nil {
		return nil
	}
	switch a.fault.Do.kind { //nolint:exhaustive // SMTP has no literal to cut
	case doReply:
		return a.fault.Do.smtpError()
	case doDrop, doDropKept:
		return errors.Join(errDropped, s.wire.Close())
	case doStall, doStallKept:
		s.wire.wait(a)
	}
	return nil
}

// errDropped ends a command whose connection a fault has closed; nobody is there to read it.
var errDropped = errors.New("connection closed by a fault")

var enhancedCode = regexp.MustCompile(`^([245])\.(\d{1,3})\.(\d{1,3}) `)

func (a Action) smtpError() *smtp.SMTPError {
	reply := &smtp.SMTPError{Code: a.code, Message: a.text, EnhancedCode: smtp.EnhancedCodeNotSet}
	if m := enhancedCode.FindStringSubmatch(a.text); m != nil {
		reply.Message = a.text[len(m[0]):]
		for i := range reply.EnhancedCode {
			reply.EnhancedCode[i], _ = strconv.Atoi(m[i+1]) // digits, by the expression
		}
	}
	return reply
}

// quietLog takes what a server library has to say. Most of it is clients that went away; a panic is not.
type quietLog struct {
	log  *slog.Logger
	door string
}

// Printf implements the loggers of both server libraries.
func (q quietLog) Printf(format string, args ...any) {
	level := slog.LevelDebug
	if len(format) >= 5 && format[:5] == "panic" {
		level = slog.LevelError
	}
	if !q.log.Enabled(context.Background(), level) {
		return
	}
	for i, arg := range args {
		if err, ok := arg.(error); ok {
			args[i] = withoutPaths(err)
		}
	}
	q.log.Log(context.Background(), level, "mail world: "+q.door+" server", "says", fmt.Sprintf(format, args...))
}

// Println implements smtp.Logger.
func (q quietLog) Println(args ...any) { q.Printf("%s", fmt.Sprintln(args...)) }
