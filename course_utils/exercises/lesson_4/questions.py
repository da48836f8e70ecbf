"""The quiz of lesson 4. Wrong choices are things that people believe; each is answered on its own terms."""

from course_utils.exercises.quiz import Choice, Question, Quiz

quiz = Quiz(
    4,
    (
        Question(
            "For one review a model gives the logits 2.1 (negative) and −0.3 (positive). What do you know?",
            (
                Choice("It is 2.1 sure that the review is negative.", "A logit has no scale of its own. Add 10 to both, and nothing about the answer changes."),
                Choice("The review gets a negative probability of being positive.", "A logit below 0 isn't a probability. After softmax, every class has a share above 0."),
                Choice("It holds negative to be about 11 times as likely as positive.", "The difference is 2.4, and e to the power of 2.4 is about 11. Differences are all that counts.", right=True),
            ),
        ),
        Question(
            "You add 100 to every logit of one text. What happens to its probabilities?",
            (
                Choice("Nothing.", "The factor of e to the 100 appears above and below the line and cancels. That is why the stable softmax may subtract the largest logit.", right=True),
                Choice("They move closer to 0 and 1.", "That would be multiplying the logits, which widens their differences. Adding leaves the differences as they are."),
                Choice("They overflow, so they become nan.", "The formula as written may overflow. A stable softmax doesn't: it takes the largest logit away first."),
            ),
        ),
        Question(
            "A softmax over a batch of shape (32, 2) returns an array that sums to 1 in all. What is wrong?",
            (
                Choice("Nothing: probabilities sum to 1.", "Those of *one text* do. With 32 texts the whole array should sum to 32."),
                Choice("The logits were too large.", "Size gives nan or inf, not a wrong sum. Look at what the sum runs over."),
                Choice("The maximum should have been subtracted.", "That guards against overflow. It doesn't change over how many texts the 1 is shared out."),
                Choice("The sum ran over all texts instead of each text's classes.", "A sum without an axis takes every element. The classes of one text lie along the last axis.", right=True),
            ),
        ),
        Question(
            "A review may be about acting, story and music at once. Which function makes probabilities of the three logits?",
            (
                Choice("Softmax, then keep every class above 1/3.", "Softmax makes the topics rivals: when one rises, the others fall. Three clear topics would get a third each, like three unclear ones."),
                Choice("The sigmoid of each logit.", "Each topic is a yes-or-no question of its own. The three need not sum to 1.", right=True),
                Choice("None; compare the logits with 0.5.", "A threshold of 0.5 is meant for probabilities. A logit of 0.5 stands for a probability of 0.62."),
            ),
        ),
        Question(
            "You load bert-base-uncased with num_labels=2 and classify a review: 0.52 to 0.48. What does that tell you?",
            (
                Choice("Little: the head's weights are random.", "The body is trained, the head isn't. Another seed gives another winner, and all are near one half.", right=True),
                Choice("The review is neutral.", "The model has never been told what negative and positive are. It gives about one half for a rave, too."),
                Choice("The model leans slightly towards the first class.", "It does, but for no reason in the text: another seed would lean the other way."),
            ),
        ),
        Question(
            "What is in `trainer.predict(dataset).predictions` for a classifier?",
            (
                Choice("The predicted labels.", "No argmax has been taken. And `label_ids` holds the true labels, which is a trap of its own."),
                Choice("Probabilities.", "No softmax has been applied; rows don't sum to 1. `pipeline` is the one that applies it."),
                Choice("Logits, perhaps as the first part of a tuple.", "It is what the model gave. With hidden states or attentions in its output, it is a tuple with the logits first.", right=True),
            ),
        ),
        Question(
            "The same sentence gets other logits in a batch than alone: not in the fifth decimal, but by 0.3. What would you look at first?",
            (
                Choice("Dropout: the model may be in training mode.", "A good second thought. But then the logits would differ from call to call, alone as well."),
                Choice("Whether the attention mask reaches the model.", "Without it the model reads [PAD] as text, so the answer depends on the neighbours' length.", right=True),
                Choice("Rounding: batches are computed in another order.", "That is real, but it moves the fifth decimal, not the first."),
            ),
        ),
        Question(
            "“With a threshold of 0.8 our accuracy rose from 0.83 to 0.90.” What do you ask?",
            (
                Choice("Why not 0.9, for an accuracy that is higher still?", "It would be higher still, and fewer texts would get an answer. Without that second number the first says little."),
                Choice("Whether it was retrained with the threshold.", "A threshold works on finished probabilities; there is nothing to train."),
                Choice("What happened to the macro F1?", "Worth knowing, but it has the same gap: on how many texts was it worked out?"),
                Choice("What share of the texts still gets an answer?", "Accuracy among the answered and coverage come as a pair. Answering one easy text gives accuracy 1.", right=True),
            ),
        ),
        Question(
            "Of 1,000 messages 20 are urgent. A model finds none of them and raises no false alarm. Which figure shows that it is useless?",
            (
                Choice("Accuracy.", "It is 0.98: 980 messages of 1,000 are right. The common class drowns the rare one."),
                Choice("Macro F1.", "The urgent class has F1 = 0 and counts as much as the other, so the mean is below one half.", right=True),
                Choice("Micro F1.", "With one label a text, micro F1 is accuracy by another name: 0.98."),
            ),
        ),
        Question(
            "In the confusion matrix of this lesson, which sum is the denominator of recall for class k?",
            (
                Choice("Row k.", "Rows are true classes, so row k holds all that truly are k. Recall asks how many of these were found.", right=True),
                Choice("Column k.", "Column k holds all that were *called* k. That is the denominator of precision."),
                Choice("The whole matrix.", "Dividing a hit count by all examples gives a share of everything, neither precision nor recall."),
            ),
        ),
        Question(
            "A model says 0.95 for 200 reviews and is right on 160 of them. What follows?",
            (
                Choice("It is well calibrated: 160 of 200 is good.", "Good, perhaps. But calibrated would mean about 190 of 200."),
                Choice("Its accuracy is 0.95.", "0.95 is what it says of itself. What it reached on these is 160 / 200 = 0.8."),
                Choice("It is too sure on these reviews, by about 0.15.", "Mean confidence 0.95, accuracy 0.8: that gap, weighted by the share of the 200, goes into the ECE.", right=True),
            ),
        ),
        Question(
            "You divide all logits by T = 2. What can't change?",
            (
                Choice("The ECE.", "It changes: that is what temperature scaling is for. It may get better or worse."),
                Choice("How many texts reach a threshold of 0.8.", "The probabilities move towards each other, so fewer reach it."),
                Choice("The predicted labels.", "Dividing by a positive number keeps the order, so the winner of each text stays, and accuracy with it.", right=True),
            ),
        ),
        Question(
            "On which split do you choose T?",
            (
                Choice("On train: it is the largest.", "The model has fitted it. There it is nearly always right, so T would make it surer still."),
                Choice("On validation.", "Neither fitted by the weights nor used for the final verdict. T is one more thing that is learnt from data.", right=True),
                Choice("On test: that is where it has to fit.", "Then the test split no longer judges: the ECE on it would be flattered by the choice."),
            ),
        ),
    ),
)  # fmt: skip
