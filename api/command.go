package api

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"duradesk/lifecycle"
	"duradesk/ticket"
)

// Times of a command.
const (
	usualWait = 2 * time.Second
	longest   = 30 * time.Second

	ringWait = 300 * time.Millisecond // so long the answer waits for the bell
	ringTime = 10 * time.Second       // so long the bell is rung; then the relay rings
	bells    = 256                    // so many are rung at once, the relay rings the others
)

// command takes one command for a ticket that is there: check, store, ring, await, answer.
func (s *server) command(c *gin.Context, n int64, kind ticket.Kind) {
	who := askerOf(c)
	if !lifecycle.May(who.actor(), kind) {
		s.fail(c, forbiddenCommand(kind, who))
		return
	}
	rec, err := s.visible(c, ticket.Number(n))
	if err != nil {
		s.told(c, err)
		return
	}
	body, p := s.readBody(c)
	if p.kind != "" {
		s.fail(c, p)
		return
	}
	order, faults, err := s.order(c, specs[kind], rec, body)
	if err != nil {
		s.told(c, err)
		return
	}
	if s.rejected(c, order, body, faults) {
		return
	}
	s.carryOut(c, order, &rec)
}

// forbiddenCommand says which role may send the command, or that no member of staff may.
func forbiddenCommand(kind ticket.Kind, who asker) problem {
	if who.isClient() {
		return problem{kind: forbidden, detail: "forbidden_client"}
	}
	has := who.Role
	for _, role := range []ticket.Role{ticket.RoleAgent, ticket.RoleLead, ticket.RoleAdmin} {
		if lifecycle.May(ticket.Actor{Kind: ticket.ActorAgent, Role: role}, kind) {
			return forbiddenRole(role, has)
		}
	}
	return problem{kind: forbidden, detail: "forbidden_staff"}.with("command", kind.String())
}

// visible returns a ticket that exists for the asker.
func (s *server) visible(c *gin.Context, n ticket.Number) (ticket.Record, error) {
	ctx, done := budget(c)
	defer done()
	rec, err := s.record(ctx, n)
	if err != nil {
		return ticket.Record{}, err
	}
	there, err := s.exists(ctx, askerOf(c), rec)
	if err == nil && !there {
		err = &ticket.Error{Code: ticket.NotFound, Message: "there is no such ticket"}
	}
	if err != nil {
		return ticket.Record{}, err
	}
	return rec, nil
}

// order reads the body of a command.
func (s *server) order(c *gin.Context, sp spec, rec ticket.Record, body map[string]any) (ticket.Order, []fault, error) {
	ctx, done := budget(c)
	defer done()
	who, o := askerOf(c), newObject(body)
	order := s.newOrder(who, sp.kind, rec.Process.Number, o, body)
	order.SeenRevision = o.integer("seen_revision", 0, 1<<53)
	if slices.Contains(ticket.DraftKinds(), sp.kind) {
		order.Draft = o.text("draft_id", draftRule)
	}
	if sp.message != without {
		author := ticket.By{Kind: order.By.Kind, ID: who.id(), Name: who.Name}
		if sp.kind == ticket.ClientReply && !who.isClient() {
			author = ticket.By{Kind: ticket.ActorClient, ID: rec.Client.ID, Name: rec.Client.Name}
		}
		order.Message = o.message(sp.message == needed, author)
		if order.Message != nil {
			order.Message.Note = sp.kind == ticket.Note
		}
	}
	h := &hand{s: s, ctx: ctx, who: who, rec: rec}
	if sp.params != nil {
		sp.params(h, o, &order)
	}
	h.namedFiles(o, order.Message)
	h.withinLimits(o, rec.Process.Desk, order.Message)
	h.mayLeave(o, order)
	if who.isClient() {
		h.clientOrder(o, &order)
	}
	o.done()
	return order, *o.faults, h.err
}

func (s *server) newOrder(who asker, kind ticket.Kind, n ticket.Number, o *object, body map[string]any) ticket.Order {
	id := o.text("id", rule{min: 1, max: 100})
	if id == "" {
		id = uuid.Must(uuid.NewV7()).String()
	}
	return ticket.Order{ID: id, Number: n, Kind: kind, By: who.actor(), Name: who.Name, Fingerprint: fingerprint(kind, n, body)}
}

// fingerprint tells a repeated request from another one with the same id: of the ticket, the command and the body,
// whatever the order of its fields and its white space.
func fingerprint(kind ticket.Kind, n ticket.Number, body map[string]any) string {
	canonical, err := json.Marshal(body) // sorts names; numbers stay as written
	if err != nil {
		panic("write a body that was read: " + err.Error())
	}
	sum := sha256.Sum256(append([]byte(kind.String()+" "+strconv.FormatInt(int64(n), 10)+" "), canonical...))
	return hex.EncodeToString(sum[:])
}

// rejected answers faults. Where only the world has changed since (the wake time has passed, the owner has left), a
// repeated id still gets its first answer.
func (s *server) rejected(c *gin.Context, order ticket.Order, body map[string]any, faults []fault) bool {
	if len(faults) == 0 {
		return false
	}
	if body["id"] != nil && onlyWorld(faults) {
		ctx, done := budget(c)
		defer done()
		r, err := s.Queue.Receipt(ctx, order.By, order.ID)
		switch {
		case err == nil && r.By == order.By.Key():
			return false
		case err != nil && ticket.CodeOf(err) != ticket.NotFound: // nobody can tell whether it was stored: he asks again
			s.told(c, err)
			return true
		}
	}
	s.fail(c, problemOfFaults(faults))
	return true
}

func problemOfFaults(faults []fault) problem {
	p := problem{kind: invalid, faults: faults}
	if slices.ContainsFunc(faults, func(f fault) bool { return f.code == tooLargeField }) {
		p.kind = tooLarge
	}
	return p.with("count", itoa(len(faults)))
}

// carryOut stores an order that was found good, rings and waits for its receipt. Storing does not end when the asker
// hangs up: a half-told COMMIT would leave him knowing less.
func (s *server) carryOut(c *gin.Context, order ticket.Order, known *ticket.Record) {
	until := time.Now().Add(s.wait(c, usualWait))
	steady := context.WithoutCancel(c.Request.Context())
	ctx, done := context.WithTimeout(steady, portTime)
	defer done()
	receipt, repeated, err := s.Queue.Store(ctx, order)
	if err != nil {
		s.notStored(c, err)
		return
	}
	if !repeated && !receipt.Done() {
		s.ring(steady, receipt)
	}
	if !receipt.Done() {
		receipt = s.await(c, receipt, until)
	}
	s.sayReceipt(c, receipt, known, order)
}

func (s *server) notStored(c *gin.Context, err error) {
	var told *ticket.Error
	if errors.As(err, &told) && told.Code == ticket.Conflict {
		s.fail(c, problem{kind: idReused})
		return
	}
	s.told(c, err)
}

// crowd is the number of unapplied commands above which a ticket is not rung for each: bells enough are on their way,
// and the relay rings once more.
const crowd = 50

// ring wakes the ticket's workflow. A busy Temporal hears it late; a bell that is taken back for that was work for nothing and
// leaves the command to the relay, which rings seconds later. So the answer goes on without it.
func (s *server) ring(ctx context.Context, r ticket.Receipt) {
	if r.Waiting > crowd {
		return
	}
	select {
	case s.ringing <- struct{}{}:
	default:
		return
	}
	rung := make(chan struct{})
	go func() {
		defer func() { close(rung); <-s.ringing }()
		ctx, done := context.WithTimeout(ctx, ringTime)
		defer done()
		if err := s.Bell.Ring(ctx, r.Number, r.Kind, ticket.Ring{ID: r.ID, Seq: r.Seq}); err != nil {
			s.Log.DebugContext(ctx, "not rung; the relay will", "ticket", r.Number, "command", r.ID, "error", err)
		}
	}()
	select {
	case <-rung:
	case <-time.After(ringWait):
	}
}

// await returns the receipt as it stands at the latest at that instant. An error changes nothing: it is stored.
func (s *server) await(c *gin.Context, r ticket.Receipt, until time.Time) ticket.Receipt {
	ctx, done := context.WithDeadline(c.Request.Context(), until)
	defer done()
	if ctx.Err() != nil {
		return r
	}
	now, err := s.Queue.Await(ctx, r)
	if err != nil {
		s.Log.DebugContext(ctx, "receipt not awaited", "ticket", r.Number, "command", r.ID, "error", err)
		return r
	}
	return now
}

// wait reads the header Prefer (RFC 7240): wait=N up to 30; respond-async without it is wait=0. What cannot be read is
// ignored. Who prefers nothing waits as long as is usual.
func (s *server) wait(c *gin.Context, usual time.Duration) time.Duration {
	seconds := -1
	for _, part := range strings.Split(c.GetHeader("Prefer"), ",") {
		part, _, _ = strings.Cut(part, ";")
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		n, err := strconv.Atoi(strings.Trim(strings.TrimSpace(value), `"`))
		switch name = strings.ToLower(strings.TrimSpace(name)); {
		case name == "wait" && err == nil && n >= 0:
			seconds = min(n, int(longest/time.Second))
		case name == "respond-async" && seconds < 0:
			seconds = 0
		}
	}
	if seconds < 0 {
		return usual
	}
	c.Header("Preference-Applied", "wait="+itoa(seconds))
	return time.Duration(seconds) * time.Second
}
