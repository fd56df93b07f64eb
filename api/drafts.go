package api

import (
	"encoding/json"
	"net/http"
	"regexp"
	"slices"

	"github.com/gin-gonic/gin"

	"duradesk/api/openapi"
	"duradesk/ticket"
)

var draftRule = rule{min: 1, max: 100, pattern: regexp.MustCompile(`^[0-9a-f-]+$`), like: "draft"}

// maxDraftParams bounds what a draft keeps beside its text, in bytes of JSON.
const maxDraftParams = 20 << 10

// ListDrafts lists the asker's own of all tickets.
func (s *server) ListDrafts(c *gin.Context) { s.listDrafts(c, 0) }

// ListTicketDrafts lists those of a ticket that the asker may read.
func (s *server) ListTicketDrafts(c *gin.Context, n openapi.Number) {
	if _, err := s.visible(c, ticket.Number(n)); err != nil {
		s.told(c, err)
		return
	}
	s.listDrafts(c, ticket.Number(n))
}

func (s *server) listDrafts(c *gin.Context, n ticket.Number) {
	ctx, done := budget(c)
	defer done()
	found, err := s.Drafts.Drafts(ctx, askerOf(c).Key, n)
	if err != nil {
		s.told(c, err)
		return
	}
	out := openapi.DraftList{Items: make([]openapi.Draft, len(found))}
	for i, d := range found {
		out.Items[i] = draft(d)
	}
	answer(c, http.StatusOK, out)
}

func draft(d ticket.Draft) openapi.Draft {
	m := d.Message
	out := openapi.Draft{
		Id: d.ID, Number: int64(d.Number), Kind: openapi.DraftKind(d.Kind.String()), Agent: d.Agent, AgentName: d.AgentName, Why: openapi.DraftWhy(d.Why),
		Kept: d.Kept, Shared: d.Shared, Params: d.Params, SeenRevision: d.SeenRevision, CreatedAt: d.CreatedAt.UTC(), UpdatedAt: d.UpdatedAt.UTC(),
		Message: openapi.DraftMessage{
			Body: m.Body, BodyFormat: openapi.DraftMessageBodyFormat(m.Format), To: list(m.To), Cc: list(m.Cc), Template: some(m.Template),
			Attachments: make([]openapi.Attachment, len(m.Files)),
		},
	}
	if out.Params == nil {
		out.Params = map[string]any{}
	}
	for i, f := range m.Files {
		out.Message.Attachments[i] = openapi.Attachment{Id: f.DraftFile, Name: f.Name, Type: f.Type, Size: f.Size}
	}
	return out
}

// GetDraft shows one.
func (s *server) GetDraft(c *gin.Context, n openapi.Number, which openapi.DraftName) {
	if _, err := s.visible(c, ticket.Number(n)); err != nil {
		s.told(c, err)
		return
	}
	ctx, done := budget(c)
	defer done()
	d, err := s.Drafts.Draft(ctx, askerOf(c).Key, ticket.Number(n), which)
	if err != nil {
		s.told(c, err)
		return
	}
	answer(c, http.StatusOK, draft(d))
}

// GetDraftFile hands a file out.
func (s *server) GetDraftFile(c *gin.Context, n openapi.Number, _ openapi.DraftName, id string) {
	if _, err := s.visible(c, ticket.Number(n)); err != nil {
		s.told(c, err)
		return
	}
	file, content, err := s.Drafts.DraftFile(c.Request.Context(), askerOf(c).Key, ticket.Number(n), id)
	if err != nil {
		s.told(c, err)
		return
	}
	download(c, file, content)
}

// SaveDraft writes what the asker has begun.
func (s *server) SaveDraft(c *gin.Context, n openapi.Number, which openapi.DraftName) {
	if _, err := s.visible(c, ticket.Number(n)); err != nil {
		s.told(c, err)
		return
	}
	body, p := s.readBody(c)
	if p.kind != "" {
		s.fail(c, p)
		return
	}
	d := ticket.Draft{Agent: askerOf(c).Key, Number: ticket.Number(n)}
	var err error
	if d.Kind, err = ticket.ParseKind(which); err != nil || !slices.Contains(ticket.DraftKinds(), d.Kind) {
		d.ID = which
	}
	o := newObject(body)
	readDraft(o, &d)
	ctx, done := budget(c)
	defer done()
	if err := s.uploads(ctx, askerOf(c), o, &d.Message); err != nil {
		s.told(c, err)
		return
	}
	if len(*o.faults) > 0 {
		s.fail(c, problemOfFaults(*o.faults))
		return
	}
	if d, err = s.Drafts.SaveDraft(ctx, d); err != nil {
		s.told(c, err)
		return
	}
	answer(c, http.StatusOK, draft(d))
}

func readDraft(o *object, d *ticket.Draft) {
	if m := o.inside("message", true); m != nil {
		d.Message = ticket.NewMessage{
			Body: m.text("body", rule{}), Format: m.word("body_format", false, messageFormats), To: m.texts("to", 50, emailRule), Cc: m.texts("cc", 50, emailRule),
			Files: m.files(), Template: m.text("template", rule{min: 1, max: 100}),
		}
		if len(d.Message.Body) > maxText {
			m.blame("body", tooLargeField, map[string]string{"max": "1"})
		}
		m.done()
	}
	if p := o.inside("params", false); p != nil {
		d.Params = p.fields
		if raw, err := json.Marshal(d.Params); err != nil || len(raw) > maxDraftParams {
			o.blame("params", "too_long", map[string]string{"max": itoa(maxDraftParams)})
		}
	}
	o.flag("shared", &d.Shared)
	d.SeenRevision = o.integer("seen_revision", 0, 1<<53)
	o.done()
}

// DeleteDraft throws the asker's own away.
func (s *server) DeleteDraft(c *gin.Context, n openapi.Number, which openapi.DraftName) {
	if _, err := s.visible(c, ticket.Number(n)); err != nil {
		s.told(c, err)
		return
	}
	ctx, done := budget(c)
	defer done()
	if err := s.Drafts.DropDraft(ctx, askerOf(c).Key, ticket.Number(n), which); err != nil {
		s.told(c, err)
		return
	}
	c.Status(http.StatusNoContent)
}

// namedFiles looks that every file that a message names by its id, of a draft or an upload, is one that its sender may take.
func (h *hand) namedFiles(o *object, m *ticket.NewMessage) {
	if m == nil {
		return
	}
	for i, f := range m.Files {
		if f.DraftFile == "" || h.err != nil {
			continue
		}
		a, err := h.s.Drafts.NamedDraftFile(h.ctx, h.who.Key, h.rec.Process.Number, f.DraftFile)
		switch {
		case ticket.CodeOf(err) == ticket.NotFound:
			one := &object{at: o.pointer("message") + "/draft_files", faults: o.faults}
			one.blameWorld(itoa(i), "unknown_draft_file", nil)
		case err != nil:
			h.err = err
		default:
			m.Files[i].Name, m.Files[i].Type, m.Files[i].Size = a.Name, a.Type, a.Size
		}
	}
	if h.err == nil {
		h.err = h.s.uploads(h.ctx, h.who, o, m)
	}
}
