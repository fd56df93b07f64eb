package world

import (
	"crypto/subtle"
	"errors"
	"sync"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
)

// capabilities are what the IMAP door announces beside what the library always does (IDLE, ENABLE, UNSELECT,
// SASL-IR, LITERAL-, UTF8=ACCEPT).
var capabilities = []imap.Cap{
	imap.CapIMAP4rev1, imap.CapIMAP4rev2, imap.CapNamespace, imap.CapUIDPlus, imap.CapESearch, imap.CapSearchRes,
	imap.CapListExtended, imap.CapListStatus, imap.CapMove, imap.CapStatusSize, imap.CapChildren, imap.CapSpecialUse,
	imap.CapCreateSpecialUse,
}

func (w *World) newIMAPServer() *imapserver.Server {
	caps := make(imap.CapSet)
	for _, c := range capabilities {
		caps[c] = struct{}{}
	}
	return imapserver.New(&imapserver.Options{
		NewSession:   w.newIMAPSession,
		Caps:         caps,
		Logger:       quietLog{w.log, "imap"},
		InsecureAuth: true,
	})
}

var (
	errReadOnly = &imap.Error{
		Type: imap.StatusResponseTypeNo, Code: "READ-ONLY", Text: "The folder was opened with EXAMINE",
	}
	errTryCreate = &imap.Error{
		Type: imap.StatusResponseTypeNo, Code: imap.ResponseCodeTryCreate, Text: "No such folder",
	}
	errHidden = &imap.Error{Type: imap.StatusResponseTypeBad, Text: "Unknown command"}
	errBroken = &imap.Error{
		Type: imap.StatusResponseTypeNo, Code: imap.ResponseCodeServerBug, Text: "The mailbox cannot be read or written",
	}
)

// A session is one client at the IMAP door.
type session struct {
	world *World
	conn  *imapserver.Conn
	wire  *wire

	cutting bool // a fault wants the next literal cut

	// The library may still be in Idle when it closes the session, and the world looks for sessions.
	mu   sync.Mutex
	box  *mailbox // after login
	view *view    // while a folder is selected
}

var (
	_ imapserver.SessionIMAP4rev2   = (*session)(nil)
	_ imapserver.SessionAppendLimit = (*session)(nil)
)

func (w *World) newIMAPSession(c *imapserver.Conn) (imapserver.Session, *imapserver.GreetingData, error) {
	if err := w.store.enter(); err != nil {
		return nil, nil, &imap.Error{Type: imap.StatusResponseTypeBye, Text: "Shutting down"}
	}
	s := &session{world: w, conn: c, wire: c.NetConn().(*wire)}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.sessions[s] = struct{}{}
	return s, nil, nil
}

// Close implements imapserver.Session.
func (s *session) Close() error {
	s.world.mu.Lock()
	delete(s.world.sessions, s)
	s.world.mu.Unlock()
	s.world.store.leave()
	return nil
}

// AppendLimit implements imapserver.SessionAppendLimit.
func (s *session) AppendLimit() uint32 { return uint32(s.world.options.MaxMessage) }

// during carries out one command, together with the fault that may strike it.
func (s *session) during(at Phase, command func() error) error {
	login := ""
	if s.box != nil {
		login = s.box.address
	}
	return s.duringFor(at, login, command)
}

func (s *session) duringFor(at Phase, login string, command func() error) error {
	a := s.world.faults.strike(occasion{at: at, connection: s.wire.number, addresses: []string{login}})
	if a == nil {
		return s.reply(command())
	}
	switch a.fault.Do.kind { //nolint:exhaustive // the rest strike after the command
	case doReply:
		return &imap.Error{Type: imap.StatusResponseTypeNo, Code: a.fault.Do.imap, Text: a.fault.Do.text}
	case doDrop:
		return errors.Join(errDropped, s.wire.Close())
	case doStall:
		s.wire.wait(a)
	case doCut:
		s.cutting = true
	}
	err := command()
	switch a.fault.Do.kind { //nolint:exhaustive // the rest struck before the command
	case doDropKept:
		return errors.Join(errDropped, s.wire.Close())
	case doStallKept:
		s.wire.wait(a)
	}
	return s.reply(err)
}

// reply makes an error fit for the client and tells the operator of those that are ours.
func (s *session) reply(err error) error {
	var known *imap.Error
	if err == nil || errors.As(err, &known) || errors.Is(err, errDropped) {
		return err
	}
	select {
	case <-s.wire.ended: // nobody there to be told
		return err
	default:
	}
	s.world.log.Error("mail world: an IMAP command failed", "error", withoutPaths(err))
	return errBroken
}

// Login implements imapserver.Session: any address with the password; a mailbox that is not there is made.
func (s *session) Login(username, password string) error {
	return s.duringFor(AtLogin, username, func() error {
		address, err := stem(username)
		if err != nil || subtle.ConstantTimeCompare([]byte(password), []byte(s.world.options.Password)) != 1 {
			return imapserver.ErrAuthFailed
		}
		box, err := s.world.store.mailbox(address)
		if err != nil {
			return err
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		s.box = box
		return nil
	})
}

// Select implements imapserver.Session.
func (s *session) Select(name string, options *imap.SelectOptions) (data *imap.SelectData, err error) {
	err = s.during(AtSelect, func() error {
		f, err := s.box.folder(name)
		if err != nil {
			return err
		}
		v := newView(f, options.ReadOnly)
		s.setView(v)
		data = v.selectData()
		if s.conn.EnabledCaps().Has(imap.CapIMAP4rev2) { // who speaks rev1 does not expect it
			data.List = &imap.ListData{Mailbox: f.file().Name, Delim: delimiter}
		}
		return nil
	})
	return data, err
}

func (s *session) login() *mailbox {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.box
}

func (s *session) setView(v *view) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.view = v
}

func (s *session) selected() *view {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.view
}

func (v *view) selectData() *imap.SelectData {
	f := v.folder
	f.mu.Lock()
	defer f.mu.Unlock()
	data := &imap.SelectData{
		Flags: f.flagsLocked(), NumMessages: uint32(len(v.uids)), UIDNext: f.next, UIDValidity: f.uidValidity,
	}
	if !v.readOnly {
		data.PermanentFlags = append(f.flagsLocked(), imap.FlagWildcard)
	}
	for i, uid := range v.uids {
		if at, ok := f.indexLocked(uid); ok && !f.messages[at].flags.has(imap.FlagSeen) {
			data.FirstUnseenSeqNum = uint32(i + 1)
			break
		}
	}
	return data
}

// Unselect implements imapserver.Session.
func (s *session) Unselect() error {
	s.setView(nil)
	return nil
}

// Poll implements imapserver.Session: the library calls it after each command.
func (s *session) Poll(w *imapserver.UpdateWriter, allowExpunge bool) error {
	if v := s.selected(); v != nil {
		return v.sync(w, allowExpunge)
	}
	return nil
}

// Idle implements imapserver.Session: news is told as soon as it is there, what came before the IDLE included.
func (s *session) Idle(w *imapserver.UpdateWriter, stop <-chan struct{}) error {
	return s.during(AtIdle, func() error {
		v := s.selected()
		if v == nil {
			<-stop
			return nil
		}
		for {
			news := v.folder.watch()
			if err := v.sync(w, true); err != nil {
				return err
			}
			select {
			case <-news:
			case <-stop:
				return nil
			}
		}
	})
}
