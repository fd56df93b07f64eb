package api

import (
	"bytes"
	"io"
	"mime"
	"net/http"
	"regexp"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"duradesk/ticket"
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
	download(c, mailSource, inMemory(raw))
}

// GetAttachment gives a file, to who sees what it is attached to; one that waits for its message, to who sent it.
func (s *server) GetAttachment(c *gin.Context, id string) {
	file, content, err := s.attachment(c, id)
	if ticket.CodeOf(err) == ticket.NotFound {
		file, content, err = s.Uploads.OpenUpload(c.Request.Context(), askerOf(c).actor().Key(), id)
	}
	if err != nil {
		s.told(c, err)
		return
	}
	download(c, file, content)
}

func (s *server) attachment(c *gin.Context, id string) (ticket.Attachment, io.ReadSeekCloser, error) {
	ctx, done := budget(c)
	defer done()
	n, note, err := s.Reader.FileTicket(ctx, id)
	if err == nil && note && askerOf(c).isClient() {
		err = &ticket.Error{Code: ticket.NotFound, Message: "there is no such attachment"}
	}
	if err == nil {
		_, err = s.visible(c, n)
	}
	if err != nil {
		return ticket.Attachment{}, nil, err
	}
	return s.Reader.File(c.Request.Context(), id) // which lasts as long as the download
}

// mailSource is how the source of a mail is handed out.
var mailSource = ticket.Attachment{Name: "message.eml", Type: "message/rfc822"}

// inMemory is content that is there already.
func inMemory(data []byte) io.ReadSeekCloser { return nopCloser{bytes.NewReader(data)} }

type nopCloser struct{ io.ReadSeeker }

func (nopCloser) Close() error { return nil }

// download hands out what strangers sent: never shown in place, and inert should a browser open it all the same. A part
// is given where one is asked for (RFC 9110 §14).
func download(c *gin.Context, file ticket.Attachment, content io.ReadSeekCloser) {
	defer func() { _ = content.Close() }()
	_ = http.NewResponseController(c.Writer).SetWriteDeadline(time.Now().Add(uploadTime)) // a server of tests has none
	contentType := file.Type
	if _, _, err := mime.ParseMediaType(contentType); err != nil {
		contentType = anyBytes
	}
	disposition := mime.FormatMediaType("attachment", map[string]string{"filename": fileName(file.Name)})
	if disposition == "" {
		disposition = "attachment"
	}
	c.Header("Content-Disposition", disposition)
	c.Header("Content-Security-Policy", "sandbox; default-src 'none'")
	c.Header("Cache-Control", "private, no-store")
	c.Header("Content-Type", contentType)
	if file.ID != "" {
		c.Header("ETag", `"`+file.ID+`"`) // what is under an id never changes
	}
	onePart(c.Request.Header, content)
	http.ServeContent(c.Writer, c.Request, "", time.Time{}, content)
}

var onePattern = regexp.MustCompile(`^bytes=(\d{1,18})?-(\d{1,18})?$`)

// onePart leaves a Range in place that asks for one part that there is. Any other is passed over, as a server may
// (RFC 9110 §14.2): the answer is then the whole, and never several parts in one.
func onePart(h http.Header, content io.Seeker) {
	asked := onePattern.FindStringSubmatch(h.Get("Range"))
	size, err := content.Seek(0, io.SeekEnd)
	if asked != nil && err == nil {
		first, _ := strconv.ParseInt("0"+asked[1], 10, 64)
		last, _ := strconv.ParseInt("0"+asked[2], 10, 64)
		switch {
		case asked[1] == "" && last > 0 && size > 0, asked[1] != "" && first < size && (asked[2] == "" || first <= last):
			return
		}
	}
	h.Del("Range")
}
