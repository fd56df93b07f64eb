package ticket

// Article is a page of the knowledge base.
type Article struct {
	Title    string       `json:"title"`
	Body     string       `json:"body"` // Markdown
	Language string       `json:"language"`
	Tags     []string     `json:"tags"`
	State    ArticleState `json:"state"`
}

// ArticleState says who reads an article.
type ArticleState string

// The states of articles: being written, for colleagues, for everybody in the portal.
const (
	ArticleDraft     ArticleState = "draft"
	ArticleInternal  ArticleState = "internal"
	ArticlePublished ArticleState = "published"
)

// ArticleQuery asks for articles. Empty fields don't filter.
type ArticleQuery struct {
	Text     string   // words, or their beginnings
	Any      bool     // one of them is enough
	Desks    []string // besides those of every desk; nil: all
	State    string
	Language string
	Tag      string
	Limit    int
	Offset   int
}
