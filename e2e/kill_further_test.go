package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/stretchr/testify/require"

	"duradesk/webhook"
)

// opensFurtherWays has a client chat, a lead work in bulk, and a colleague told by mail of what names him.
func (c *chaos) opensFurtherWays(p *peer) {
	c.t.Helper()
	r := c.admin().call(http.MethodPost, "/channels", object{"key": "line", "desk": "support", "kind": "chat", "url": p.server.URL + "/answers"})
	require.Equal(c.t, http.StatusCreated, r.status, r)
	var made struct{ Secret string }
	require.NoError(c.t, json.Unmarshal(r.body, &made))
	p.mu.Lock()
	p.secrets["/answers"] = made.Secret
	p.mu.Unlock()
	sato, kato := c.people[0], c.people[len(c.people)-1]
	r = c.admin().call(http.MethodPost, "/agents", object{"key": "naka", "name": "Naka", "email": "naka@staff.example", "role": "agent", "desks": []string{"support"}})
	require.Equal(c.t, http.StatusCreated, r.status, r)
	naka := c.token(object{"agent": "naka", "scopes": []string{"tickets:read", "tickets:act"}})
	r = naka.call(http.MethodPut, "/me/settings", object{"notice_mail": "instant"})
	require.Equal(c.t, http.StatusOK, r.status, r)
	chats, many, names := c.person("chat", sato.by, 0), c.person("many", kato.by, 0), c.person("names", sato.by, 0)
	c.further = []func(){
		func() { chats.chats(made.Secret) },
		func() { many.worksInBulk() },
		func() { names.names() },
	}
}

// chats says something in a conversation, and an agent answers.
func (p *person) chats(secret string) {
	for p.wait(time.Duration(300+p.r.IntN(700)) * time.Millisecond) {
		p.n++
		p.brings(secret, fmt.Sprintf("chat-%d", p.n))
		if p.own != 0 {
			o := &order{by: p.by, number: p.own, command: "agent-response", id: fmt.Sprintf("%s-%d", p.name, p.n)}
			o.path, o.body = ticketPath(o.number)+"/"+o.command, object{"id": o.id, "message": says("Answer " + o.id)}
			p.carryOut(o)
		}
	}
}

// brings a message until it is taken; its ticket is the conversation's.
func (p *person) brings(secret, id string) {
	raw, err := json.Marshal(object{"id": id, "conversation": "room-7", "sender": object{"id": "U1", "name": "山田"}, "text": "Words of " + id})
	require.NoError(p.t, err)
	ctx, cancel := context.WithTimeout(p.t.Context(), 2*patience)
	defer cancel()
	for ctx.Err() == nil {
		if number, taken := p.bringsOnce(ctx, secret, id, raw); taken {
			p.own = number
			return
		}
		select {
		case <-time.After(100 * time.Millisecond):
		case <-ctx.Done():
			p.finds(lost, "the message %s of a conversation was not taken", id)
		}
	}
}

func (p *person) bringsOnce(ctx context.Context, secret, id string, raw []byte) (int64, bool) {
	now := time.Now()
	signature, err := webhook.Sign([]string{secret}, id, now, raw)
	if err != nil {
		return 0, false
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+p.settings["DURADESK_HTTP_ADDR"]+"/api/v1/inbound/line", bytes.NewReader(raw))
	if err != nil {
		return 0, false
	}
	for name, v := range map[string]string{"Content-Type": "application/json", webhook.HeaderID: id, webhook.HeaderTimestamp: strconv.FormatInt(now.Unix(), 10), webhook.HeaderSignature: signature} {
		request.Header.Set(name, v)
	}
	response, err := web.Do(request)
	if err != nil {
		return 0, false
	}
	defer func() { _ = response.Body.Close() }()
	var answer struct{ Ticket int64 }
	taken := response.StatusCode == http.StatusAccepted && json.NewDecoder(response.Body).Decode(&answer) == nil
	return answer.Ticket, taken
}

// worksInBulk writes a tag on a few tickets at once; whoever gets no answer asks for another job.
func (p *person) worksInBulk() {
	for p.wait(time.Duration(500+p.r.IntN(1000)) * time.Millisecond) {
		p.n++
		chosen := map[int64]bool{}
		for range 5 {
			chosen[p.ticket()] = true
		}
		var numbers []int64
		for n := range chosen {
			numbers = append(numbers, n)
		}
		ctx, cancel := context.WithTimeout(p.t.Context(), 6*time.Second)
		_, _ = p.by.try(ctx, http.MethodPost, "/bulk", object{
			"command": "classify", "params": object{"classify": object{"tags": []string{fmt.Sprint("many-", p.n)}}}, "selection": object{"numbers": numbers},
		})
		cancel()
	}
}

// names a colleague in a note.
func (p *person) names() {
	for p.wait(time.Duration(500+p.r.IntN(1000)) * time.Millisecond) {
		p.n++
		o := &order{by: p.by, number: p.ticket(), command: "note", id: fmt.Sprintf("%s-%d", p.name, p.n)}
		o.path, o.body = ticketPath(o.number)+"/"+o.command, object{"id": o.id, "message": says("@naka please look: " + o.id)}
		p.carryOut(o)
	}
}
