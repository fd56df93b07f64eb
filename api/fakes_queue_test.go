package api

import (
	"context"
	"errors"
	"slices"

	"duradesk/ticket"
)

// Queue.

func (f *fake) Store(_ context.Context, o ticket.Order) (ticket.Receipt, bool, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.stores++
	if f.away != nil {
		return ticket.Receipt{}, false, f.away
	}
	key := o.By.Key() + " " + o.ID
	if s, ok := f.receipts[key]; ok {
		if s.fingerprint != o.Fingerprint {
			return ticket.Receipt{}, false, &ticket.Error{Code: ticket.Conflict, Key: "id_reused", Message: "another body"}
		}
		return s.receipt, true, nil
	}
	if o.Number == 0 {
		o.Number = ticket.Number(1042 + len(f.tickets))
		f.tickets[o.Number] = &ticket.Record{
			Process: ticket.Process{Number: o.Number, Desk: o.Opening.Desk, Priority: o.Opening.Priority, Channel: o.Opening.Channel},
			Title:   o.Opening.Title, Type: o.Opening.Type, Language: o.Opening.Language, Tags: o.Opening.Tags, Fields: o.Opening.Fields,
			Rules: f.processOf(o.Opening.Desk), Client: o.Opening.Client, CreatedAt: f.now, UpdatedAt: f.now, Settings: ticket.DefaultSettings(),
		}
	}
	f.seq++
	s := &stored{fingerprint: o.Fingerprint, order: o, receipt: ticket.Receipt{ID: o.ID, Number: o.Number, Seq: f.seq, Kind: o.Kind, By: o.By.Key(), At: f.now}}
	f.receipts[key] = s
	if f.torn != nil {
		return ticket.Receipt{}, false, f.torn
	}
	return s.receipt, false, nil
}

// work applies what is stored, as a worker does.
func (f *fake) work() {
	f.mu.Lock()
	defer f.mu.Unlock()
	var waiting []*stored
	for _, s := range f.receipts {
		if !s.receipt.Done() {
			waiting = append(waiting, s)
		}
	}
	slices.SortFunc(waiting, func(a, b *stored) int { return int(a.receipt.Seq - b.receipt.Seq) })
	for _, s := range waiting {
		f.carryOut(s)
	}
	close(f.changed)
	f.changed = make(chan struct{})
}

func (f *fake) carryOut(s *stored) {
	if f.poison {
		f.poison, s.receipt.Outcome, s.receipt.Reason = false, ticket.Failed, "poisonous"
		return
	}
	c := ticket.Command{ID: s.order.ID, Kind: s.order.Kind, By: s.order.By, SeenRevision: s.order.SeenRevision, Params: s.order.Params}
	f.facts(&c)
	body := ""
	if s.order.Message != nil {
		c.Message, body = "m-of-"+s.order.ID, s.order.Message.Body
	}
	d := f.apply(s.order.Number, c, body)
	s.receipt.Outcome, s.receipt.Reason, s.receipt.At = d.Answer, d.Reason, f.now
	if d.Answer != ticket.Refused {
		s.receipt.Revision = d.Process.Revision
	}
}

// facts are what the record adds to a command before it asks the rules.
func (f *fake) facts(c *ticket.Command) {
	n := f.receipts[c.By.Key()+" "+c.ID].order.Number
	switch p := c.Params; {
	case p.Escalate != nil && p.Escalate.Desk != "":
		p.Escalate.Child = n + 1000
	case p.Merge != nil:
		p.Merge.TargetState = f.tickets[p.Merge.Into].Process.State
	case p.Withdraw != nil:
		before := f.past[n][len(f.past[n])-2].Process
		p.Withdraw.Queued, p.Withdraw.Revision, p.Withdraw.Before = true, f.tickets[n].Process.Revision, &before
	}
}

func (f *fake) processOf(desk string) string {
	for _, d := range f.desks {
		if d.Key == desk {
			return d.Process
		}
	}
	return ""
}

func (f *fake) Receipt(_ context.Context, by ticket.Actor, id string) (ticket.Receipt, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if s, ok := f.receipts[by.Key()+" "+id]; ok {
		return s.receipt, f.away
	}
	for _, s := range f.receipts {
		if s.receipt.ID == id && by.Role >= ticket.RoleLead {
			return s.receipt, f.away
		}
	}
	return ticket.Receipt{}, errors.Join(f.away, none("receipt"))
}

func (f *fake) Await(ctx context.Context, r ticket.Receipt) (ticket.Receipt, error) {
	f.mu.Lock()
	f.awaitEnds, _ = ctx.Deadline()
	f.waiting++
	f.mu.Unlock()
	for {
		if f.lost != nil {
			f.mu.Lock()
			f.away = f.lost
			f.mu.Unlock()
			return r, f.lost
		}
		f.mu.Lock()
		now, changed := f.receipts[r.By+" "+r.ID].receipt, f.changed
		f.mu.Unlock()
		if now.Done() {
			return now, nil
		}
		select {
		case <-ctx.Done():
			return now, nil
		case <-changed:
		}
	}
}

func (f *fake) Unseen(_ context.Context, r ticket.Receipt, seen int64) ([]ticket.Item, string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []ticket.Item
	for _, it := range f.items[r.Number] {
		if it.Type != "event" && it.Revision > seen {
			out = append(out, it)
		}
	}
	return out, "draft-of-" + r.ID, nil
}

func (f *fake) Ring(ctx context.Context, _ ticket.Number, _ ticket.Kind, _ ticket.Ring) error {
	f.mu.Lock()
	f.rings++
	deaf, idle, busy := f.deaf, f.idle, f.busy
	f.mu.Unlock()
	if busy != nil {
		select {
		case <-busy:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	if deaf {
		<-ctx.Done()
		return ctx.Err()
	}
	if !idle {
		f.work()
	}
	return nil
}
