"""The quiz of lesson 2."""

from course_utils.exercises.quiz import Choice, Question, Quiz

quiz = Quiz(
    lesson=2,
    questions=(
        Question(
            "What does BERT get to see of the text “Great film!”?",
            (
                Choice("The characters, one after another.", "A vocabulary of characters would never need [UNK] for English, but it makes texts five times as long. BERT has another one."),
                Choice("The two words and the exclamation mark, as text.", "A model computes with numbers. The text stays outside."),
                Choice("Row numbers of a table, one for each piece.", "Each id picks a row of the embedding table. That is all the model knows of the text.", right=True),
            ),
        ),
        Question(
            "“Café” and “cafe” get the same ids from the uncased tokenizer. Why?",
            (
                Choice("NFD takes é apart, and the accent is dropped.", "é becomes e and a mark of class Mn, and marks of that class go. Case goes, too.", right=True),
                Choice("The vocabulary has both, with one number.", "Each piece has a number of its own. The two are made equal before the vocabulary is asked."),
                Choice("Neither is in the vocabulary, so both are [UNK].", "`cafe` is there. And [UNK] would make thousands of words alike, not these two."),
            ),
        ),
        Question(
            "The vocabulary has un, una and ##able, but nothing that begins with ##b. What becomes of “unable”?",
            (
                Choice("un ##able: the tokenizer finds the split that works.", "It would have to go back on a choice, and it never does: una is longer than un."),
                Choice("[UNK].", "The longest first piece is una. Then ##ble fits nowhere, and the whole word is [UNK].", right=True),
                Choice("una [UNK].", "One part that fits nowhere makes the whole word unknown."),
            ),
        ),
        Question(
            "What does ## in front of a piece say?",
            (
                Choice("It is rare.", "Many of them are frequent, ##s and ##ing for instance."),
                Choice("It is a special piece that the model ignores.", "It has a row in the embedding table like any other piece. Special pieces stand in brackets."),
                Choice("It ends a word.", "It may end it or stand in the middle: grip, ##ping, ##ly."),
                Choice("It goes on from the piece before, inside the same word.", "That is how the text can be put together again.", right=True),
            ),
        ),
        Question(
            "A review contains 😀 joined to a word: “good😀”. What reaches the model?",
            (
                Choice("good and then [UNK].", "😀 is no punctuation, so the two are one word, and that word is cut or unknown as a whole."),
                Choice("One [UNK]: the word “good” is lost as well.", "A space before the picture would have saved it. Small things in a text decide what a model can see.", right=True),
                Choice("good: the picture is dropped.", "Dropped are only characters that nobody sees, such as control characters."),
            ),
        ),
        Question(
            "In a batch, why is the attention mask made from lengths, not by comparing ids with `pad_id`?",
            (
                Choice("It is quicker.", "Hardly. Speed is not the point."),
                Choice("The ids are not known yet when the mask is made.", "They are. But what do they say about where they came from?"),
                Choice("Because an id in a text may equal `pad_id`.", "Some models pad with the id of another special piece that also ends texts. Lengths can't be mistaken.", right=True),
            ),
        ),
        Question(
            "You sort 8,528 reviews by length before you make batches of 32. What changes?",
            (
                Choice("Fewer pieces are padding, so there is less to compute.", "Neighbours are equally long then. The lesson counted it.", right=True),
                Choice("Predictions become more accurate.", "With a correct mask padding changes nothing in a prediction, so leaving it out doesn't either."),
                Choice("Long reviews are cut.", "Sorting cuts nothing. Only `truncation=True` does."),
            ),
        ),
        Question(
            "A pair has 300 and 20 pieces; `max_length` is 128. What does longest-first truncation keep?",
            (
                Choice("62 of the first and 20 of the second, plus padding.", "Half for each would waste the room that the second doesn't need."),
                Choice("105 of the first and all 20 of the second.", "128 less three special pieces is 125. The second is never the longer one, so it keeps its 20.", right=True),
                Choice("125 of the first and none of the second.", "That would cut the shorter text. Pieces go from the longer one first."),
            ),
        ),
        Question(
            "`tokenizer(text, max_length=512, truncation=True, stride=128, return_overflowing_tokens=True)`: how far is it from one window to the next?",
            (
                Choice("128 pieces.", "That is what *stride* means elsewhere. Here it is what neighbours share."),
                Choice("384 pieces.", "512 − 128 forgets the two special pieces: a window holds 510 pieces of the text."),
                Choice("382 pieces.", "510 pieces of text in a window, 128 of them seen before.", right=True),
            ),
        ),
        Question(
            "You train a vocabulary on your own texts. What else do you have to train?",
            (
                Choice("Nothing: ids are ids.", "The same number would mean another piece. Every row of the embedding table would be wrong."),
                Choice("The model that reads the ids, from the beginning or nearly so.", "A pretrained model and its vocabulary belong together: id 2143 is *film* only where the model learned it so.", right=True),
                Choice("Only the classification head.", "The head comes after the embeddings. Those would be read with wrong row numbers."),
            ),
        ),
    ),
)  # fmt: skip
