package api

import (
	"context"
	"net/http"

	"github.com/gin-gonic/gin"

	"duradesk/api/openapi"
)

// ListClients finds files by what clients are called or known by.
func (s *server) ListClients(c *gin.Context, q openapi.ListClientsParams) {
	limit := asLong(q.Limit)
	ctx, done := budget(c)
	defer done()
	found, next, err := s.Clients.Clients(ctx, value(q.Q), askerOf(c).desks(), value(q.Cursor), limit)
	if err != nil {
		s.toldQuery(c, err)
		return
	}
	out := openapi.ClientList{Items: make([]openapi.ClientFile, len(found)), NextCursor: some(next)}
	for i, f := range found {
		out.Items[i] = clientFile(f)
	}
	answer(c, http.StatusOK, out)
}

func clientFile(f ClientFile) openapi.ClientFile {
	out := openapi.ClientFile{
		Id: f.ID, Name: some(f.Name), Email: some(f.Email), Phone: some(f.Phone), Number: some(f.Number), Access: openapi.ClientFileAccess(f.Access), Organisation: some(f.Organisation), Language: some(f.Language), Notes: f.Notes,
		Identities: make([]openapi.ClientIdentity, len(f.Identities)), MergedInto: some(f.MergedInto), Tickets: f.Tickets, TicketsCapped: f.Tickets >= CountCap, CreatedAt: f.CreatedAt.UTC(),
	}
	for i, k := range f.Identities {
		out.Identities[i] = openapi.ClientIdentity{Kind: openapi.ClientIdentityKind(k.Kind), Value: k.Value}
	}
	return out
}

// GetClient shows one file.
func (s *server) GetClient(c *gin.Context, id string) {
	ctx, done := budget(c)
	defer done()
	f, err := s.Clients.ClientFile(ctx, id, askerOf(c).desks())
	if err != nil {
		s.told(c, err)
		return
	}
	answer(c, http.StatusOK, clientFile(f))
}

var identityKinds = []string{"mail", "phone", "number", "external", "login"}

// ChangeClient changes what is given of a file; null takes a text away.
func (s *server) ChangeClient(c *gin.Context, id string) {
	var change ClientChange
	s.edit(c, http.StatusOK, func(h *hand, o *object) {
		if _, h.err = s.Clients.ClientFile(h.ctx, id, h.who.desks()); h.err != nil {
			return
		}
		change = ClientChange{
			Name: o.cleared("name", rule{min: 1, max: 200, line: true}), Email: o.cleared("email", emailRule), Phone: o.cleared("phone", rule{min: 1, max: 50, line: true}),
			Number: o.cleared("number", rule{min: 1, max: 100, line: true}), Language: o.cleared("language", languageRule), Notes: o.cleared("notes", rule{max: 20000}),
		}
		known := o.list("identities", 100)
		if o.fields["identities"] != nil {
			change.Identities = &[]ClientIdentity{}
		}
		for i, v := range known {
			fields, ok := v.(map[string]any)
			k := &object{at: o.pointer("identities") + "/" + itoa(i), fields: fields, faults: o.faults}
			if !ok {
				*o.faults = append(*o.faults, fault{pointer: k.at, code: "object"})
				continue
			}
			*change.Identities = append(*change.Identities, ClientIdentity{k.word("kind", true, identityKinds), k.text("value", rule{needed: true, min: 1, max: 254, solid: true, line: true})})
			k.done()
		}
		if len(o.fields) == 0 {
			*o.faults = append(*o.faults, fault{pointer: o.at, code: "nothing"})
		}
	}, func(ctx context.Context) (any, error) {
		if err := s.Clients.ChangeClient(ctx, id, change); err != nil {
			return nil, err
		}
		f, err := s.Clients.ClientFile(ctx, id, askerOf(c).desks())
		return clientFile(f), err
	})
}

// cleared reads a text that null takes away; nil where it is left out.
func (o *object) cleared(name string, r rule) *string {
	text := o.text(name, r)
	if _, given := o.fields[name]; !given {
		return nil
	}
	return &text
}

// MergeClient puts a file into another one.
func (s *server) MergeClient(c *gin.Context, id string) {
	into := ""
	s.edit(c, http.StatusOK, func(h *hand, o *object) {
		into = o.text("into", idRule.must())
		for _, one := range []string{id, into} {
			if h.err == nil && len(*o.faults) == 0 {
				_, h.err = s.Clients.ClientFile(h.ctx, one, h.who.desks())
			}
		}
		if into == id {
			o.blame("into", "itself", nil)
		}
	}, func(ctx context.Context) (any, error) {
		detail(ctx, "client:"+id, map[string]any{"into": into})
		if err := s.Clients.MergeClients(ctx, id, into); err != nil {
			return nil, err
		}
		f, err := s.Clients.ClientFile(ctx, into, askerOf(c).desks())
		return clientFile(f), err
	})
}
