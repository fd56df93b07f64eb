package world

import (
	"fmt"
	"slices"
	"sync"

	"github.com/emersion/go-imap/v2"
)

// A Phase is a point of a conversation at which a fault can strike.
type Phase string

// The phases of the SMTP door.
const (
	AtGreeting Phase = "smtp greeting" // before the 220
	AtAuth     Phase = "smtp AUTH"
	AtMail     Phase = "smtp MAIL"
	AtRcpt     Phase = "smtp RCPT"
	AtData     Phase = "smtp DATA" // before the 354
	AtDot      Phase = "smtp dot"  // the whole message is here, the reply is not
)

// The phases of the IMAP door. All but the greeting strike before the command is carried out.
const (
	AtIMAPGreeting Phase = "imap greeting"
	AtLogin        Phase = "imap LOGIN"
	AtSelect       Phase = "imap SELECT"
	AtCreate       Phase = "imap CREATE"
	AtAppend       Phase = "imap APPEND"
	AtFetch        Phase = "imap FETCH"
	AtStore        Phase = "imap STORE"
	AtSearch       Phase = "imap SEARCH"
	AtCopy         Phase = "imap COPY"
	AtMove         Phase = "imap MOVE"
	AtExpunge      Phase = "imap EXPUNGE"
	AtIdle         Phase = "imap IDLE"
)

// A Fault says where and whom a failure strikes, and what it is. The empty value of a condition means any.
type Fault struct {
	At Phase
	// Address is a recipient (SMTP) or the login (IMAP): a stem strikes its sub-addresses too. At AtData and AtDot
	// one such recipient among several is enough.
	Address string
	// Sender is the envelope sender, AtMail to AtDot; NullSender stands for <>.
	Sender string
	// Connection counts the connections of that door from the moment the fault was armed: 1 is the next one.
	Connection int
	// Times is how often it strikes; 0 is for ever.
	Times int
	// Do is what happens.
	Do Action
}

// NullSender in Fault.Sender means the empty reverse-path.
const NullSender = "<>"

// An Action is what a fault does. The zero value does nothing but count.
type Action struct {
	kind actionKind
	code int
	imap imap.ResponseCode
	text string
}

type actionKind int

const (
	doNothing actionKind = iota
	doReply
	doDrop
	doDropKept
	doStall
	doStallKept
	doCut
)

// Reply makes the SMTP door answer code (400 to 599) and text, which may begin with an enhanced code ("4.3.0 later").
// AtGreeting it also closes the connection.
func Reply(code int, text string) Action { return Action{kind: doReply, code: code, text: text} }

// No makes the IMAP door answer NO with a response code (may be empty) and text.
func No(code imap.ResponseCode, text string) Action {
	return Action{kind: doReply, imap: code, text: text}
}

// Drop closes the connection without an answer and without doing what was asked: at AtDot the mail is lost.
func Drop() Action { return Action{kind: doDrop} }

// DropKept does what was asked, then closes the connection without an answer: at AtDot the mail is stored.
func DropKept() Action { return Action{kind: doDropKept} }

// Stall keeps the client waiting until Armed.Release, then goes on as if nothing had been.
func Stall() Action { return Action{kind: doStall} }

// StallKept does what was asked, then keeps the client waiting for the answer until Armed.Release.
func StallKept() Action { return Action{kind: doStallKept} }

// Cut closes the connection in the middle of the first literal of a FETCH.
func Cut() Action { return Action{kind: doCut} }

// Faults are the failures that a world is told to have. The zero value has none; all methods may be called at any
// time. There is no way to reach them through the network.
type Faults struct {
	mu     sync.Mutex
	armed  []*Armed
	hidden []imap.Cap
	conns  map[door]int
}

type door string

const (
	smtpDoor door = "smtp"
	imapDoor door = "imap"
)

func (p Phase) door() door { return door(p[:4]) }

// An Armed fault is one that lies in wait.
type Armed struct {
	fault   Fault
	owner   *Faults
	base    int // connections of the door before it was armed
	hits    int
	hit     chan struct{}
	release chan struct{}
	free    sync.Once
}

// Arm lays a fault. It panics if the phase is unknown or the action impossible there: that is a mistake in a test.
func (f *Faults) Arm(fault Fault) *Armed {
	if err := fault.check(); err != nil {
		panic(err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	a := &Armed{
		fault: fault, owner: f, base: f.conns[fault.At.door()],
		hit: make(chan struct{}), release: make(chan struct{}),
	}
	f.armed = append(f.armed, a)
	return a
}

func (f Fault) check() error {
	phases := []Phase{
		AtGreeting, AtAuth, AtMail, AtRcpt, AtData, AtDot, AtIMAPGreeting, AtLogin, AtSelect, AtCreate, AtAppend,
		AtFetch, AtStore, AtSearch, AtCopy, AtMove, AtExpunge, AtIdle,
	}
	badReply := f.Do.kind == doReply && f.At.isSMTP() != (f.Do.code >= 400 && f.Do.code <= 599)
	switch {
	case !slices.Contains(phases, f.At):
		return fmt.Errorf("world: no such phase: %q", f.At)
	case badReply:
		return fmt.Errorf("world: %s cannot answer so: use Reply(400 to 599) for SMTP, No for IMAP", f.At)
	case f.Do.kind == doCut && f.At != AtFetch:
		return fmt.Errorf("world: only FETCH can be cut, not %s", f.At)
	case f.At == AtIMAPGreeting && f.Do.kind == doReply:
		return fmt.Errorf("world: the IMAP greeting can only be dropped or stalled")
	}
	return nil
}

func (p Phase) isSMTP() bool { return len(p) > 4 && p.door() == smtpDoor }

// Hit returns a channel that is closed when the fault strikes for the first time.
func (a *Armed) Hit() <-chan struct{} { return a.hit }

// Hits returns how often it has struck.
func (a *Armed) Hits() int {
	a.owner.mu.Lock()
	defer a.owner.mu.Unlock()
	return a.hits
}

// Release lets everybody go on who is stalled, now and later.
func (a *Armed) Release() { a.free.Do(func() { close(a.release) }) }

// Disarm takes the fault away and releases whoever it holds.
func (a *Armed) Disarm() {
	a.owner.mu.Lock()
	a.owner.armed = slices.DeleteFunc(a.owner.armed, func(other *Armed) bool { return other == a })
	a.owner.mu.Unlock()
	a.Release()
}

// RefuseLogin makes IMAP and SMTP refuse the password of an address ("" for everybody) until the faults are disarmed.
func (f *Faults) RefuseLogin(address string) []*Armed {
	return []*Armed{
		f.Arm(Fault{At: AtLogin, Address: address, Do: No(imap.ResponseCodeAuthenticationFailed, "Login refused")}),
		f.Arm(Fault{At: AtAuth, Address: address, Do: Reply(535, "5.7.8 Login refused")}),
	}
}

// Hide makes IMAP connections that are made from now on lack these capabilities: they are not announced, and their
// commands and response codes are gone. IMAP4rev2, which implies them, is not announced either. MOVE, IDLE, UIDPLUS
// and any other capability can be hidden; an empty list shows all again.
func (f *Faults) Hide(caps ...imap.Cap) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.hidden = slices.Clone(caps)
	if len(caps) > 0 {
		f.hidden = append(f.hidden, imap.CapIMAP4rev2)
	}
}

// connected counts a connection and returns its number and what is hidden from it.
func (f *Faults) connected(d door) (number int, hidden []imap.Cap) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.conns == nil {
		f.conns = make(map[door]int)
	}
	f.conns[d]++
	return f.conns[d], f.hidden
}

// An occasion is a moment at which a fault may strike.
type occasion struct {
	at         Phase
	connection int
	sender     *string // nil where there is none yet
	addresses  []string
}

// strike returns the fault that strikes now, or nil.
func (f *Faults) strike(o occasion) *Armed {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, a := range f.armed {
		if !a.strikes(o) {
			continue
		}
		a.hits++
		if a.hits == 1 {
			close(a.hit)
		}
		return a
	}
	return nil
}

func (a *Armed) strikes(o occasion) bool {
	if a.fault.At != o.at || a.fault.Times > 0 && a.hits >= a.fault.Times {
		return false
	}
	if a.fault.Connection > 0 && o.connection-a.base != a.fault.Connection {
		return false
	}
	if a.fault.Sender != "" && (o.sender == nil || !sameSender(a.fault.Sender, *o.sender)) {
		return false
	}
	return a.fault.Address == "" || slices.ContainsFunc(o.addresses, a.concerns)
}

func sameSender(wanted, sender string) bool {
	if wanted == NullSender {
		return sender == ""
	}
	a, errA := canonical(wanted)
	b, errB := canonical(sender)
	return errA == nil && errB == nil && a == b
}

// concerns says whether an address is the fault's own or a sub-address of it.
func (a *Armed) concerns(address string) bool {
	wanted, err := canonical(a.fault.Address)
	if err != nil {
		return false
	}
	full, errFull := canonical(address)
	base, errBase := stem(address)
	return errFull == nil && errBase == nil && (full == wanted || base == wanted)
}
