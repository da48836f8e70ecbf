"""The quiz of lesson 1. Wrong choices are things that people believe; each is answered on its own terms."""

from course_utils.exercises.quiz import Choice, Question, Quiz

quiz = Quiz(
    1,
    (
        Question(
            "The word *bank* stands in two sentences. Where do its two vectors first differ?",
            (
                Choice("In the table of word pieces.", "The table has one row for *bank*, whatever stands around it."),
                Choice("After the first layer.", "Before it, no token has seen another. Attention is the step in which neighbours come in. (A different *position* makes a small difference already, but that has nothing to do with meaning.)", right=True),
                Choice("Only in the last layer.", "Each layer mixes in neighbours. The vectors drift apart from the first one on."),
            ),
        ),
        Question(
            "Scores have the shape [2, 12, 7, 7]. What does the entry [0, 3, 5, 1] say?",
            (
                Choice("How well the query of token 1 fits the key of token 5.", "The queries come before the keys. Token 5 asks here."),
                Choice("How well, in head 5, token 3 fits token 1.", "The axes are batch, head, query, key. The head is the second."),
                Choice("How well, in head 3 of the first text, the query of token 5 fits the key of token 1.", "Batch, head, query, key: rows ask, columns are asked.", right=True),
            ),
        ),
        Question(
            "You leave out the division by √d in heads of width 64. What happens at the start of training?",
            (
                Choice("Scores spread about 8 times as wide, and softmax gives nearly everything to one key.", "The spread of a dot product grows with √d, and √64 is 8. A saturated softmax has hardly any gradient left to learn from.", right=True),
                Choice("Nothing: softmax ignores a constant factor.", "It ignores a constant that is *added* to all scores. A factor widens their differences."),
                Choice("The scores overflow to inf.", "They grow eightfold. float32 has room for far more; the trouble is the saturation."),
            ),
        ),
        Question(
            "Why not set the scores of padding to 0?",
            (
                Choice("0 is reserved for [PAD] in the vocabulary.", "Token 0 is [PAD], but scores aren't token numbers."),
                Choice("Softmax makes e to the power of 0 of it, which is 1, so padding still gets a share.", "A score of 0 is an ordinary score. Only a very low one makes the share vanish.", right=True),
                Choice("It would be right, but slower.", "Both take one operation. The result differs: look at the weights."),
                Choice("It would give nan.", "0 is harmless as a number. -inf in a whole row is what gives nan."),
            ),
        ),
        Question(
            "A whole row of keys is masked. What does softmax give for -inf, and for the lowest finite value?",
            (
                Choice("Zeros in both cases.", "Softmax always shares out a 1 where it can; zeros don't sum to 1."),
                Choice("Even shares in both cases.", "With -inf, the row's largest score is -inf, and -inf minus -inf is undefined."),
                Choice("nan, and even shares.", "-inf minus -inf is nan. Equal finite scores, however low, get equal shares: meaningless, but harmless.", right=True),
            ),
        ),
        Question(
            "Mask after softmax: the weights of padding are set to 0. What is wrong?",
            (
                Choice("The remaining weights no longer sum to 1.", "Padding had taken its share before. Either mask the scores first, or divide by the new sum.", right=True),
                Choice("Nothing, the result is the same.", "Only if no share went to padding. Add up a row."),
                Choice("Gradients can't flow through it.", "They flow well through a product. The values are what is wrong."),
            ),
        ),
        Question(
            "`hidden.view(b, n_heads, t, d)` gives the right shape. What is in head 0?",
            (
                Choice("The first d numbers of every token.", "That is what it should hold. `view` moves no numbers; it reads them in the order they lie."),
                Choice("Random numbers: the memory is not laid out for it.", "All numbers are there, in their old order. That is the trouble."),
                Choice("The first tokens, whole.", "Reading on in the old order, head 0 takes t × d numbers: the whole vectors of the first tokens. First cut the last axis, then transpose.", right=True),
            ),
        ),
        Question(
            "A layer has 12 heads instead of 1, at the same width of 384. What changes?",
            (
                Choice("It has 12 times as many weights.", "The projections are 384 × 384 either way. The heads share them out."),
                Choice("It makes 12 sets of weights, each from 32 of the 384 numbers.", "Same size, same number of weights in the matrices, 12 ways of looking.", right=True),
                Choice("It reads 12 tokens at a time.", "Every head reads all tokens. The heads cut the vectors, not the text."),
            ),
        ),
        Question(
            "You shuffle the words of a sentence and leave out the position embeddings. What does BERT give for each word?",
            (
                Choice("The same vector as before, in the new order.", "Attention is a weighted mean, and a mean doesn't know about order. Positions are the only thing that tells it.", right=True),
                Choice("Other vectors, since the neighbours have changed.", "Every token attends to all others, near or far. Without positions there are no neighbours."),
                Choice("An error: positions are needed.", "Nothing in the arithmetic needs them. The model would run, and read a bag of words."),
            ),
        ),
        Question(
            "`output.attentions` is an empty tuple. What do you do?",
            (
                Choice("Call `model.train()`.", "That switches dropout on. It has nothing to do with which tensors are returned."),
                Choice("Ask for `output_hidden_states=True`.", "That returns the vectors after each layer, not the weights of the heads."),
                Choice("Load the model with `attn_implementation=\"eager\"`.", "The fast kernel never keeps the weights, so it has none to give. The eager one works them out in plain steps.", right=True),
            ),
        ),
        Question(
            "A text gets twice as long. The table of weights of one head gets ...",
            (
                Choice("twice as large.", "Each of the tokens gets a longer row, and there are more tokens, too."),
                Choice("four times as large.", "Twice the queries, twice the keys. It is a reason why BERT stops at 512 tokens.", right=True),
                Choice("no larger: its size depends on the width.", "The width decides how long a dot product is, not how many there are."),
            ),
        ),
    ),
)  # fmt: skip
