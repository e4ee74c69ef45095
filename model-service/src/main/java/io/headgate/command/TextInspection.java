package io.headgate.command;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.headgate.clip.ClipModel;
import io.headgate.console.Console;
import io.headgate.tokenizer.Tokenizer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/**
 * Texts to ids, and to unit embeddings if there is a model.
 *
 * @param vocab null for the model's, or OpenAI's without a model
 */
record TextInspection(ModelOptions model, Path vocab, List<String> texts) {
  private static final int CLIP_CONTEXT = 77;

  int run(Output to) {
    if (model.present()) {
      try (ClipModel clip = model.open()) {
        Tokenizer tokenizer = vocab == null ? clip.tokenizer() : clip.tokenizer(vocab);
        print(
            tokenizer,
            clip.encodeTokens(texts.stream().map(tokenizer::encode).toArray(int[][]::new)),
            to);
      }
    } else {
      Tokenizer tokenizer =
          vocab == null ? Tokenizer.openAi(CLIP_CONTEXT) : Tokenizer.open(vocab, CLIP_CONTEXT);
      print(tokenizer, new float[0][], to);
    }
    return Console.OK;
  }

  /**
   * @param embeddings one for each text, or none at all
   */
  private void print(Tokenizer tokenizer, float[][] embeddings, Output to) {
    ArrayNode list = JsonNodeFactory.instance.arrayNode();
    for (int i = 0; i < texts.size(); i++) {
      int[] ids = tokenizer.tokens(texts.get(i));
      ObjectNode node = list.addObject().put("text", texts.get(i));
      Arrays.stream(ids).forEach(node.putArray("ids")::add);
      if (embeddings.length > 0) {
        ArrayNode numbers = node.putArray("embedding");
        for (float value : embeddings[i]) {
          numbers.add(value);
        }
      }
      to.text("%s", texts.get(i));
      to.text(
          "  ids %s",
          Arrays.stream(ids).mapToObj(Integer::toString).collect(Collectors.joining(" ")));
    }
    to.json(list);
  }
}
