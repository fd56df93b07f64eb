package api

import (
	"mime"
	"net/http"

	"github.com/gin-gonic/gin"
)

// GetRawMessage gives the source of a mail, to who sees its ticket.
func (s *server) GetRawMessage(c *gin.Context, id string) {
	ctx, done := budget(c)
	defer done()
	n, err := s.Reader.MessageTicket(ctx, id)
	if err == nil {
		_, err = s.visible(c, n)
	}
	var raw []byte
	if err == nil {
		raw, err = s.Reader.Raw(ctx, id)
	}
	if err != nil {
		s.told(c, err)
		return
	}
	download(c, "message.eml", "message/rfc822", raw)
}

// GetAttachment gives a file, to who sees its ticket.
func (s *server) GetAttachment(c *gin.Context, id string) {
	ctx, done := budget(c)
	defer done()
	n, err := s.Reader.FileTicket(ctx, id)
	if err == nil {
		_, err = s.visible(c, n)
	}
	if err == nil && askerOf(c).isClient() {
		err = s.said(ctx, n, id)
	}
	if err != nil {
		s.told(c, err)
		return
	}
	file, data, err := s.Reader.File(ctx, id)
	if err != nil {
		s.told(c, err)
		return
	}
	download(c, file.Name, file.Type, data)
}

// download hands out what strangers sent: never shown in place, and inert should a browser open it all the same.
func download(c *gin.Context, name, contentType string, data []byte) {
	if _, _, err := mime.ParseMediaType(contentType); err != nil {
		contentType = "application/octet-stream"
	}
	disposition := mime.FormatMediaType("attachment", map[string]string{"filename": fileName(name)})
	if disposition == "" {
		disposition = "attachment"
	}
	c.Header("Content-Disposition", disposition)
	c.Header("Content-Security-Policy", "sandbox; default-src 'none'")
	c.Header("Cache-Control", "private, no-store")
	c.Data(http.StatusOK, contentType, data)
}
