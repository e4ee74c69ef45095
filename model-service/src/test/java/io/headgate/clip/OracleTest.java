package io.headgate.clip;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDManager;
import io.headgate.decomposition.Decomposition;
import io.headgate.decomposition.ModelShape;
import io.headgate.imaging.RgbImage;
import io.headgate.zeroshot.ZeroShotClassifier;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The fast programs against {@link NaiveClip}, over random sizes, weights and images. */
class OracleTest {
  private static final double TOLERANCE = 1e-5;

  static Stream<Arguments> models() {
    return LongStream.range(0, 8)
        .boxed()
        .flatMap(
            seed ->
                Stream.of(
                    Arguments.of(seed, Arithmetic.packed(Precision.FP32)),
                    Arguments.of(seed, Arithmetic.plain(Precision.FP32))));
  }

  @ParameterizedTest
  @MethodSource("models")
  void takesAnEmbeddingApartAsTheOracleDoes(long seed, Arithmetic arithmetic) {
    VisionSpec spec = RandomModels.spec(seed);
    NaiveClip oracle = new NaiveClip(RandomModels.parameters(spec, seed));
    List<RgbImage> images = RandomModels.images(spec.shape().imageSize(), 3, seed);
    try (NDManager manager = Engine.newManager("cpu");
        VisionModel model = RandomModels.model(manager, spec, seed, arithmetic, 32)) {
      List<Decomposition> decompositions = model.decompose(images);
      List<float[]> maps = model.tokenMaps(images);

      for (int i = 0; i < images.size(); i++) {
        NaiveClip.Parts expected =
            oracle.decompose(
                spec, RandomModels.values(images.get(i)), RandomModels.allTokens(spec.shape()));
        assertSame(decompositions.get(i), expected);
        assertThat(distance(maps.get(i), flat(expected.tokenMap()))).isLessThan(2e-5);
        assertThat(decompositions.get(i).residual()).isLessThan(1e-6);
        assertThat(distance(floats(expected.sum()), expected.embedding())).isLessThan(1e-7);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("models")
  void embedsAsTheOracleDoesWithPartsOrWithoutOrPlainly(long seed, Arithmetic arithmetic) {
    VisionSpec spec = RandomModels.spec(seed);
    NaiveClip oracle = new NaiveClip(RandomModels.parameters(spec, seed));
    List<RgbImage> images = RandomModels.images(spec.shape().imageSize(), 3, seed);
    try (NDManager manager = Engine.newManager("cpu");
        VisionModel model = RandomModels.model(manager, spec, seed, arithmetic, 32)) {
      List<float[]> embedded = model.embed(images);
      List<float[]> plain = model.plain(images);

      for (int i = 0; i < images.size(); i++) {
        double[] expected =
            oracle
                .decompose(
                    spec, RandomModels.values(images.get(i)), RandomModels.allTokens(spec.shape()))
                .embedding();
        assertThat(distance(embedded.get(i), expected)).isLessThan(TOLERANCE);
        assertThat(distance(plain.get(i), expected)).isLessThan(TOLERANCE);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("models")
  void dropsTokensAsTheOracleDoes(long seed, Arithmetic arithmetic) {
    VisionSpec spec = RandomModels.spec(seed);
    ModelShape shape = spec.shape();
    Random random = new Random(seed);
    NaiveClip oracle = new NaiveClip(RandomModels.parameters(spec, seed));
    List<RgbImage> images = RandomModels.images(shape.imageSize(), 3, seed);
    int patches = shape.tokens() - 1;
    int q = random.nextInt(patches);
    int[][] dropped =
        images.stream()
            .map(x -> random.ints(0, patches).distinct().limit(q).toArray())
            .toArray(int[][]::new);
    try (NDManager manager = Engine.newManager("cpu");
        VisionModel model = RandomModels.model(manager, spec, seed, arithmetic, 2)) {
      List<Decomposition> decompositions = model.decomposeWithout(images, dropped);

      for (int i = 0; i < images.size(); i++) {
        List<Integer> gone = Arrays.stream(dropped[i]).mapToObj(t -> t + 1).toList();
        int[] kept = IntStream.range(0, shape.tokens()).filter(t -> !gone.contains(t)).toArray();
        NaiveClip.Parts expected = oracle.decompose(spec, RandomModels.values(images.get(i)), kept);
        Decomposition actual = decompositions.get(i);
        assertSame(actual, expected);
        double[] along = lastLayer(expected, expected.embedding());
        double[] everywhere = new double[shape.tokens()];
        for (int n = 0; n < kept.length; n++) {
          everywhere[kept[n]] = along[n];
        }
        assertThat(distance(actual.lastLayerTokens(), everywhere)).isLessThan(TOLERANCE);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("models")
  void splitsHeadsOverTokensAsTheOracleDoes(long seed, Arithmetic arithmetic) {
    VisionSpec spec = RandomModels.spec(seed);
    ModelShape shape = spec.shape();
    Random random = new Random(seed);
    NaiveClip oracle = new NaiveClip(RandomModels.parameters(spec, seed));
    List<RgbImage> images = RandomModels.images(shape.imageSize(), 3, seed);
    float[][] directions =
        images.stream()
            .map(x -> RandomModels.unit(random, shape.embedding()))
            .toArray(float[][]::new);
    try (NDManager manager = Engine.newManager("cpu");
        VisionModel model = RandomModels.model(manager, spec, seed, arithmetic, 2)) {
      List<float[]> contributions = model.tokenContributions(images, directions);

      for (int i = 0; i < images.size(); i++) {
        double[][][] expected =
            oracle
                .decompose(spec, RandomModels.values(images.get(i)), RandomModels.allTokens(shape))
                .tokensAlong(doubles(directions[i]));
        double[] flat =
            Arrays.stream(expected).flatMapToDouble(l -> Arrays.stream(flat(l))).toArray();
        assertThat(distance(contributions.get(i), flat)).isLessThan(TOLERANCE);
      }
    }
  }

  @Test
  void tokensOfAHeadSumToItsPartWithoutTheSharesThatAllTokensHave() {
    VisionSpec spec = RandomModels.spec(3);
    ModelShape shape = spec.shape();
    List<RgbImage> images = RandomModels.images(shape.imageSize(), 2, 3);
    float[][] directions = {
      RandomModels.unit(new Random(1), shape.embedding()),
      RandomModels.unit(new Random(2), shape.embedding())
    };
    NaiveClip oracle = new NaiveClip(RandomModels.parameters(spec, 3));
    try (NDManager manager = Engine.newManager("cpu");
        VisionModel model =
            RandomModels.model(manager, spec, 3, Arithmetic.packed(Precision.FP32), 32)) {
      List<Decomposition> decompositions = model.decompose(images);
      List<float[]> contributions = model.tokenContributions(images, directions);

      for (int i = 0; i < images.size(); i++) {
        Decomposition d = decompositions.get(i);
        double[] direction = doubles(directions[i]);
        double mu =
            oracle
                .decompose(spec, RandomModels.values(images.get(i)), RandomModels.allTokens(shape))
                .mu();
        for (int l = 0; l < shape.layers(); l++) {
          double[] shared = oracle.shareOfEveryHead(spec, l, mu, d.sigma(), d.norm());
          for (int h = 0; h < shape.heads(); h++) {
            double tokens = 0;
            for (int n = 0; n < shape.tokens(); n++) {
              tokens += contributions.get(i)[(l * shape.heads() + h) * shape.tokens() + n];
            }
            double part = 0;
            for (int k = 0; k < shape.embedding(); k++) {
              part += (d.heads()[d.headOffset(l, h) + k] - shared[k]) * direction[k];
            }
            assertThat(tokens).isCloseTo(part, within(TOLERANCE));
          }
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("models")
  void followsThePredictedClassInTheLastLayer(long seed, Arithmetic arithmetic) {
    VisionSpec spec = RandomModels.spec(seed);
    ModelShape shape = spec.shape();
    Random random = new Random(seed);
    float[][] texts =
        IntStream.range(0, 5)
            .mapToObj(k -> RandomModels.unit(random, shape.embedding()))
            .toArray(float[][]::new);
    ZeroShotClassifier classifier =
        new ZeroShotClassifier(List.of("a", "b", "c", "d", "e"), texts, 100);
    NaiveClip oracle = new NaiveClip(RandomModels.parameters(spec, seed));
    List<RgbImage> images = RandomModels.images(shape.imageSize(), 4, seed);
    try (NDManager manager = Engine.newManager("cpu");
        VisionModel model =
            RandomModels.model(manager, spec, seed, arithmetic, 32, Optional.of(classifier))) {
      List<Decomposition> decompositions = model.decompose(images);

      for (int i = 0; i < images.size(); i++) {
        NaiveClip.Parts expected =
            oracle.decompose(
                spec, RandomModels.values(images.get(i)), RandomModels.allTokens(shape));
        float[] direction = classifier.direction(classifier.predict(floats(expected.embedding())));
        assertThat(
                distance(
                    decompositions.get(i).lastLayerTokens(),
                    lastLayer(expected, doubles(direction))))
            .isLessThan(TOLERANCE);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("models")
  void encodesTextsAsTheOracleDoes(long seed, Arithmetic arithmetic) {
    VisionSpec vision = RandomModels.spec(seed);
    Random random = new Random(seed);
    TextSpec spec =
        new TextSpec(
            12, 1 + random.nextInt(3), 3, vision.shape().embedding(), vision.quickGelu(), 1e-5);
    int context = 9;
    int vocabulary = 40;
    RandomParameters parameters =
        RandomModels.parameters(vision, seed).andText(spec, context, vocabulary, 31);
    int[][] ids = new int[40][context];
    for (int[] row : ids) {
      int end = 1 + random.nextInt(context - 1);
      row[0] = vocabulary - 2;
      for (int n = 1; n < end; n++) {
        row[n] = random.nextInt(vocabulary - 2);
      }
      row[end] = vocabulary - 1;
    }
    NaiveClip oracle = new NaiveClip(parameters);
    try (NDManager manager = Engine.newManager("cpu");
        Crew crew = new Crew(2);
        TextTower tower = TextTower.load(manager, parameters, spec)) {
      float[][] texts = tower.encode(manager, crew, ids);

      for (int i = 0; i < ids.length; i++) {
        assertThat(distance(texts[i], oracle.text(spec, ids[i]))).isLessThan(TOLERANCE);
      }
    }
  }

  private static void assertSame(Decomposition actual, NaiveClip.Parts expected) {
    assertThat(distance(actual.embedding(), expected.embedding())).isLessThan(TOLERANCE);
    double[] heads =
        Arrays.stream(expected.heads()).flatMapToDouble(l -> Arrays.stream(flat(l))).toArray();
    assertThat(distance(actual.heads(), heads)).isLessThan(TOLERANCE);
    assertThat(distance(actual.mlps(), flat(expected.mlps()))).isLessThan(TOLERANCE);
    assertThat(actual.norm() / expected.norm() - 1).isBetween(-TOLERANCE, TOLERANCE);
    assertThat(actual.sigma() / expected.sigma() - 1).isBetween(-TOLERANCE, TOLERANCE);
  }

  /** Σ over heads of the last layer, by token. */
  private static double[] lastLayer(NaiveClip.Parts parts, double[] direction) {
    double[][][] along = parts.tokensAlong(direction);
    double[][] last = along[along.length - 1];
    double[] sum = new double[last[0].length];
    for (double[] head : last) {
      for (int n = 0; n < sum.length; n++) {
        sum[n] += head[n];
      }
    }
    return sum;
  }

  private static double distance(float[] actual, double[] expected) {
    assertThat(actual).hasSize(expected.length);
    double worst = 0;
    for (int i = 0; i < actual.length; i++) {
      double distance = Math.abs(actual[i] - expected[i]);
      worst = distance <= worst ? worst : distance;
    }
    return worst;
  }

  private static double[] flat(double[][] rows) {
    return Arrays.stream(rows).flatMapToDouble(Arrays::stream).toArray();
  }

  private static float[] floats(double[] values) {
    float[] floats = new float[values.length];
    for (int i = 0; i < values.length; i++) {
      floats[i] = (float) values[i];
    }
    return floats;
  }

  private static double[] doubles(float[] values) {
    return IntStream.range(0, values.length).mapToDouble(i -> values[i]).toArray();
  }
}
