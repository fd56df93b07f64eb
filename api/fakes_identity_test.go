package api

import (
	"context"
	"maps"
	"slices"
	"testing"
	"time"

	"duradesk/ticket"
)

// identity is what the fake desk knows of who is signed in.
type identity struct {
	passwords map[string]string  // hashes by agent
	sessions  map[string]Session // by hash
	failures  map[string]int
	wait      time.Duration // what a login waits
	audit     []ticket.AuditEntry
	clients   map[string]ticket.Client
	together  map[string]string // organisation by client
	links     map[string]*fakeLink
	seeds     map[string]*fakeFactor
	letters   chan Letter
	flows     map[string]Flow
	accounts  map[string]string // agents by issuer and subject
}

type fakeLink struct {
	Link
	used bool
}

type fakeFactor struct {
	Factor
	step  int64
	codes map[string]bool
}

func newIdentity() identity {
	return identity{
		passwords: map[string]string{}, sessions: map[string]Session{}, failures: map[string]int{},
		links: map[string]*fakeLink{}, seeds: map[string]*fakeFactor{}, letters: make(chan Letter, 10), flows: map[string]Flow{}, accounts: map[string]string{},
		clients: map[string]ticket.Client{
			"c_01": {ID: "c_01", Name: "山田", Email: "yamada@client.example", Access: "portal"},
			"c_02": {ID: "c_02", Name: "Suzuki", Email: "suzuki@client.example", Access: "portal"},
			"c_03": {ID: "c_03", Name: "Kato", Email: "kato@client.example", Access: "full"},
			"c_04": {ID: "c_04", Name: "Other", Email: "other@elsewhere.example", Access: "full"},
			"c_05": {ID: "c_05", Name: "Mail only", Email: "mail@client.example", Access: "none"},
		},
		together: map[string]string{"c_01": "client.example", "c_02": "client.example", "c_03": "client.example", "c_04": "elsewhere.example", "c_05": "client.example"},
	}
}

// noted writes the line that a change carries, as the record does. It must be called under the lock.
func noted(ctx context.Context, into *[]ticket.AuditEntry) {
	if e, _ := ctx.Value(ticket.Noting{}).(*ticket.AuditEntry); e != nil && e.ID == 0 {
		e.ID, e.At = int64(len(*into)+1), time.Date(2026, 11, 24, 10, 0, 0, 0, time.UTC)
		*into = append(*into, *e)
	}
}

// fakeIdentity is the same desk behind the port of sessions and credentials.
type fakeIdentity fake

// holder must be called under the lock.
func (i *identity) holderOf(people map[string]Person, agent, client string) Holder {
	if agent != "" {
		return Holder{Person: people[agent]}
	}
	c := i.clients[client]
	return Holder{Person: Person{Name: c.Name, Email: c.Email}, Client: c}
}

func (f *fakePeople) holder(agent, client string) Holder {
	return f.holderOf(f.people, agent, client)
}

func (f *fakeIdentity) Credentials(_ context.Context, login string) (Credentials, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for key, p := range f.people {
		if (key == login || p.Email == login) && p.Disabled == nil {
			return Credentials{Agent: key, Password: f.passwords[key], Factor: f.seeds[key] != nil && f.seeds[key].Since != nil}, f.away
		}
	}
	if f.away != nil {
		return Credentials{}, f.away
	}
	return Credentials{}, none("login")
}

func (f *fakeIdentity) SetPassword(ctx context.Context, agent, hash string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	noted(ctx, &f.audit)
	f.passwords[agent] = hash
	return f.away
}

func (f *fakeIdentity) NewPassword(ctx context.Context, agent, hash, spared string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	noted(ctx, &f.audit)
	f.passwords[agent] = hash
	f.endSessions(agent, spared)
	return f.away
}

func (f *fakeIdentity) Attempt(context.Context, []Brake, time.Time, time.Duration) (time.Duration, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.wait, f.away
}

func (f *fakeIdentity) AttemptEnded(ctx context.Context, keys [][]byte, ok bool, _ time.Time) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	noted(ctx, &f.audit)
	for _, k := range keys {
		f.failures[string(k)]++
		if ok {
			delete(f.failures, string(k))
		}
	}
	return f.away
}

func (f *fakeIdentity) AddSession(ctx context.Context, x Session, hash []byte, old string) (Session, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	noted(ctx, &f.audit)
	x.LastUsed = x.CreatedAt
	maps.DeleteFunc(f.sessions, func(_ string, o Session) bool { return o.ID == old })
	f.sessions[string(hash)] = x
	return x, f.away
}

func (f *fakeIdentity) BySession(_ context.Context, hash []byte, now, idle time.Time) (Holder, Session, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.away != nil {
		return Holder{}, Session{}, f.away
	}
	x, ok := f.sessions[string(hash)]
	if !ok || !x.ExpiresAt.After(now) || !x.LastUsed.After(idle) {
		return Holder{}, Session{}, none("session")
	}
	x.LastUsed = now
	f.sessions[string(hash)] = x
	return f.holderOf(f.people, x.Agent, x.Client), x, nil
}

func (f *fakeIdentity) Sessions(_ context.Context, holder string, now, idle time.Time) ([]Session, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []Session
	for _, x := range f.sessions {
		if (x.Agent == holder || x.Client == holder) && x.ExpiresAt.After(now) && x.LastUsed.After(idle) {
			out = append(out, x)
		}
	}
	return out, f.away
}

func (f *fakeIdentity) Session(_ context.Context, id string) (Session, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, x := range f.sessions {
		if x.ID == id {
			return x, f.away
		}
	}
	return Session{}, none("session")
}

func (f *fakeIdentity) DropSession(ctx context.Context, id string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	noted(ctx, &f.audit)
	for hash, x := range f.sessions {
		if x.ID == id {
			delete(f.sessions, hash)
		}
	}
	return f.away
}

func (f *fakeIdentity) DropSessions(ctx context.Context, holder, spared string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	noted(ctx, &f.audit)
	f.endSessions(holder, spared)
	return f.away
}

func (f *fakeIdentity) endSessions(holder, spared string) {
	maps.DeleteFunc(f.sessions, func(_ string, x Session) bool {
		return (x.Agent == holder || x.Client == holder) && x.ID != spared
	})
}

func (f *fakeIdentity) Client(_ context.Context, id string) (ticket.Client, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	c, ok := f.clients[id]
	if !ok && f.away == nil {
		return c, none("client")
	}
	return c, f.away
}

func (f *fakeIdentity) ClientByMail(_ context.Context, address string) (ticket.Client, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, c := range f.clients {
		if c.Email == address {
			return c, f.away
		}
	}
	return ticket.Client{}, none("client")
}

func (f *fakeIdentity) SetAccess(ctx context.Context, id, access, organisation string) (ticket.Client, error) {
	c, err := f.Client(ctx, id)
	f.mu.Lock()
	defer f.mu.Unlock()
	noted(ctx, &f.audit)
	if err != nil {
		return c, err
	}
	c.Access = access
	f.clients[id], f.together[id] = c, organisation
	return c, nil
}

func (f *fakeIdentity) Together(_ context.Context, one, other string) (bool, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.together[one] != "" && f.together[one] == f.together[other], f.away
}

func (f *fakeIdentity) NoteAudit(_ context.Context, e ticket.AuditEntry) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	e.ID, e.At = int64(len(f.audit)+1), f.now
	f.audit = append(f.audit, e)
	return f.away
}

func (f *fakeIdentity) Audit(_ context.Context, q ticket.AuditQuery) ([]ticket.AuditEntry, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []ticket.AuditEntry
	for _, e := range slices.Backward(f.audit) {
		if (q.Before == 0 || e.ID < q.Before) && len(out) < q.Limit && (q.Actor == "" || q.Actor == e.Actor) && (q.Action == "" || q.Action == e.Action) && (q.Subject == "" || q.Subject == e.Subject) {
			out = append(out, e)
		}
	}
	return out, f.away
}

// clientToken makes a token of that client.
func (f *fake) clientToken(t *testing.T, client string, scopes ...string) string {
	t.Helper()
	f.mu.Lock()
	defer f.mu.Unlock()
	token, hash := newSecret(tokenPrefix)
	f.tokens[string(hash)] = Token{ID: "t-" + client, Client: client, Scopes: scopes, CreatedAt: f.now}
	return token
}

// Post puts a letter where a test can take it.
func (f *fakeIdentity) Post(_ context.Context, l Letter) error {
	f.letters <- l
	return nil
}

func (f *fakeIdentity) AddLink(_ context.Context, l Link, hash []byte) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.links[string(hash)] = &fakeLink{Link: l}
	return f.away
}

func (f *fakeIdentity) UseLink(_ context.Context, purpose string, hash []byte, now time.Time) (Holder, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.away != nil {
		return Holder{}, f.away
	}
	l := f.links[string(hash)]
	if l == nil || l.used || l.Purpose != purpose || !l.ExpiresAt.After(now) {
		return Holder{}, none("link")
	}
	l.used = true
	return f.holderOf(f.people, l.Agent, l.Client), nil
}

func (f *fakeIdentity) seed(agent string) *fakeFactor {
	if f.seeds[agent] == nil {
		f.seeds[agent] = &fakeFactor{codes: map[string]bool{}}
	}
	return f.seeds[agent]
}

func (f *fakeIdentity) Factor(_ context.Context, agent string) (Factor, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	x := f.seed(agent)
	x.Codes = len(x.codes)
	return x.Factor, f.away
}

func (f *fakeIdentity) BeginFactor(ctx context.Context, agent string, secret ticket.Secret) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	x := f.seed(agent)
	if x.Since != nil {
		return &ticket.Error{Code: ticket.Conflict, Key: "factor_there", Message: "there is one"}
	}
	noted(ctx, &f.audit)
	x.Secret = secret
	return f.away
}

func (f *fakeIdentity) ConfirmFactor(ctx context.Context, agent string, step int64, codes [][]byte, spared string, now time.Time) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	noted(ctx, &f.audit)
	f.endSessions(agent, spared)
	x := f.seed(agent)
	x.Since, x.step = &now, step
	f.renew(x, codes)
	return f.away
}

func (f *fakeIdentity) renew(x *fakeFactor, codes [][]byte) {
	clear(x.codes)
	for _, c := range codes {
		x.codes[string(c)] = true
	}
}

func (f *fakeIdentity) RenewCodes(ctx context.Context, agent string, codes [][]byte) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	noted(ctx, &f.audit)
	f.renew(f.seed(agent), codes)
	return f.away
}

func (f *fakeIdentity) UseStep(_ context.Context, agent string, step int64) (bool, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	x := f.seed(agent)
	if step <= x.step {
		return false, f.away
	}
	x.step = step
	return true, f.away
}

func (f *fakeIdentity) UseRecoveryCode(_ context.Context, agent string, hash []byte, _ time.Time) (bool, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	x := f.seed(agent)
	there := x.codes[string(hash)]
	delete(x.codes, string(hash))
	return there, f.away
}

func (f *fakeIdentity) DropFactor(ctx context.Context, agent string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	noted(ctx, &f.audit)
	delete(f.seeds, agent)
	return f.away
}

func (f *fakeIdentity) AddFlow(_ context.Context, flow Flow, state []byte, _ time.Time) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.flows[string(state)] = flow
	return f.away
}

func (f *fakeIdentity) TakeFlow(_ context.Context, state []byte, now time.Time) (Flow, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	flow, ok := f.flows[string(state)]
	delete(f.flows, string(state))
	if !ok || !flow.ExpiresAt.After(now) {
		return Flow{}, none("flow")
	}
	return flow, f.away
}

func (f *fakeIdentity) OIDCAccount(_ context.Context, issuer, subject string) (string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	agent, ok := f.accounts[issuer+" "+subject]
	if !ok || f.people[agent].Disabled != nil {
		return "", none("account")
	}
	return agent, f.away
}

func (f *fakeIdentity) LinkOIDC(ctx context.Context, issuer, subject, agent string, _ time.Time) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	noted(ctx, &f.audit)
	f.accounts[issuer+" "+subject] = agent
	return f.away
}
