package e2e

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"time"
)

// person is somebody with things to do.
type person struct {
	*chaos
	name string
	by   *caller
	r    *rand.Rand
	n    int
	own  int64 // the ticket that a client opened
}

// order is a command that somebody sends until he has an answer.
type order struct {
	by      *caller
	path    string
	number  int64 // 0: it opens a ticket
	command string
	body    object
	id      string
	answer  reply
}

// sent is a mail that a client sends until he knows that it was taken.
type sent struct {
	letter
	raw       []byte
	id        string
	uncertain bool // the connection broke when all was said
	taken     bool
}

// works sends one command after the other until the time is over.
func (p *person) works() {
	for p.wait(time.Duration(p.r.IntN(250)) * time.Millisecond) {
		p.carryOut(p.draws())
	}
}

func (p *person) ticket() int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.numbers[p.r.IntN(len(p.numbers))]
}

// draws decides what to do next.
func (p *person) draws() *order {
	p.n++
	o := &order{by: p.by, number: p.ticket(), id: fmt.Sprintf("%s-%d", p.name, p.n)}
	words := says(fmt.Sprintf("Words of %s.", o.id))
	o.body = object{"id": o.id}
	set := func(command string, more object) {
		o.command = command
		for k, v := range more {
			o.body[k] = v
		}
	}
	switch n := p.r.IntN(60); {
	case n < 14:
		set("agent-response", object{"message": words})
	case n < 20:
		set("hold", object{"hold": object{"reason": "client"}, "message": words})
	case n < 22:
		set("hold", object{"hold": object{"reason": "internal"}})
	case n < 25:
		set("hold", object{"hold": object{"reason": "scheduled", "until": time.Now().Add(time.Duration(2000+p.r.IntN(5000)) * time.Millisecond)}})
	case n < 30:
		set("resolve", object{"message": words})
	case n < 31:
		set("resolve", object{})
	case n < 34:
		set("resolve", object{"resolve": object{"category": []string{"other", "test", "spam"}[p.r.IntN(3)]}})
	case n < 36:
		set("assign", object{"assign": object{"owner": nil}})
	case n < 40:
		set("assign", object{"assign": object{"owner": "me"}})
	default:
		p.drawsSeldom(o, n, set, words)
	}
	o.path = ticketPath(o.number) + "/" + o.command
	if o.command == "create" {
		o.path, o.number = "/tickets", 0
	}
	return o
}

func (p *person) drawsSeldom(o *order, n int, set func(string, object), words object) {
	switch {
	case n < 44:
		set("note", object{"message": words})
	case n < 46:
		set("escalate", object{"escalate": object{"group": "support", "reason": "higher"}})
	case n < 48:
		set("escalate", object{"escalate": object{"desk": "works", "reason": "Yours."}})
	case n < 49:
		set("recall", object{})
	case n < 51:
		set("client-reply", object{"message": words})
	case n < 52:
		set("link", object{"link": object{"number": p.hub, "kind": "related"}})
	case n < 53:
		set("promise", object{"promise": object{"due_at": time.Now().Add(time.Hour), "text": "We call."}})
	case n < 54:
		set("classify", object{"classify": object{"tags": []string{o.id}}})
	case n < 55:
		set("merge", object{"merge": object{"into": p.hub}})
	case n < 57:
		set("create", object{"desk": "support", "client": object{"name": "Client", "email": stormClient(p.r.IntN(stormClients))}, "channel": "phone", "title": "Opened by " + o.id, "message": object{"body": "They called."}})
	default:
		p.drawsAsLead(set)
	}
}

// drawsAsLead: an agent lets it be, and writes a note.
func (p *person) drawsAsLead(set func(string, object)) {
	switch n := p.r.IntN(6); {
	case p.name[:4] != "kato" || n == 5:
		set("note", object{"message": says("Nothing for me.")})
	case n < 2:
		set("close", object{})
	case n < 4:
		set("restore", object{})
	default:
		set("unmerge", object{})
	}
}

// carryOut sends a command, with the same id, until there is an answer that says what became of it.
func (p *person) carryOut(o *order) {
	ctx, cancel := context.WithTimeout(p.t.Context(), 2*patience)
	defer cancel()
	for {
		once, stop := context.WithTimeout(ctx, 6*time.Second) // whoever hears nothing asks again
		r, err := o.by.try(once, http.MethodPost, o.path, o.body)
		stop()
		if err == nil && r.status < http.StatusInternalServerError && r.status != http.StatusTooManyRequests {
			o.answer = r
			p.mu.Lock()
			p.orders = append(p.orders, o)
			if o.number == 0 && r.status < 300 {
				p.numbers = append(p.numbers, r.receipt(p.desk).Number)
			}
			p.mu.Unlock()
			return
		}
		select {
		case <-time.After(100 * time.Millisecond):
		case <-ctx.Done():
			p.finds(lost, "%s got no answer: %v %v", o.id, r, err)
			return
		}
	}
}

// writes mails about the ticket that the client opened, and new ones.
func (p *person) writes() {
	for p.wait(time.Duration(300+p.r.IntN(1500)) * time.Millisecond) {
		p.n++
		l := letter{name: p.name, from: p.name[:len(p.name)-2], subject: fmt.Sprintf("[#%d] More", p.own), body: fmt.Sprintf("Letter %d of %s ends.", p.n, p.name)}
		switch p.r.IntN(8) {
		case 0:
			l.subject = fmt.Sprintf("Something new %d", p.n)
		case 1: // somebody else's
			l.subject = fmt.Sprintf("[#%d] More", p.ticket())
		}
		raw, id := l.bytes()
		p.delivers(&sent{letter: l, raw: raw, id: id})
	}
}

// delivers a mail until it is taken; one of which nobody knows is not sent again, as mail programs ask first.
func (p *person) delivers(l *sent) {
	p.mu.Lock()
	p.letters = append(p.letters, l)
	p.mu.Unlock()
	ctx, cancel := context.WithTimeout(p.t.Context(), 2*patience)
	defer cancel()
	for {
		err := p.trySend(l.letter, l.raw)
		l.taken = err == nil
		l.uncertain = err != nil && isUncertain(err)
		if l.taken || l.uncertain {
			return
		}
		select {
		case <-time.After(100 * time.Millisecond):
		case <-ctx.Done():
			p.finds(lost, "a mail of %s was not taken: %v", p.name, err)
			return
		}
	}
}

// saysWhatHeThinks is a client at the portal, about his own ticket.
func (p *person) saysWhatHeThinks() {
	for p.wait(time.Duration(500+p.r.IntN(1500)) * time.Millisecond) {
		p.n++
		o := &order{by: p.by, number: p.own, id: fmt.Sprintf("%s-%d", p.name, p.n)}
		o.body = object{"id": o.id}
		switch p.r.IntN(5) {
		case 0, 1:
			o.command, o.body["message"] = "client-reply", says("I write here: "+o.id)
		case 2:
			o.command, o.body["feedback"] = "feedback", object{"rating": 4}
		case 3:
			o.command, o.body["client_verdict"] = "client-verdict", object{"verdict": "not_solved"}
		default:
			o.command, o.body["client_verdict"] = "client-verdict", object{"verdict": "solved"}
		}
		o.path = ticketPath(o.number) + "/" + o.command
		p.carryOut(o)
	}
}
