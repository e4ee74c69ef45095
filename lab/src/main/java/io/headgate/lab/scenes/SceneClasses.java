package io.headgate.lab.scenes;

import java.util.List;

/** What the pictures show and the words of their captions. */
public final class SceneClasses {
  private static final List<String> NAMES =
      List.of(
          ("banana apple lemon strawberry grapes watermelon pineapple carrot pizza hamburger doughnut"
                  + " cheese cat panda frog pig fish octopus whale butterfly bee turtle snake elephant"
                  + " penguin owl cactus sunflower mushroom car bus bicycle airplane rocket sailboat key"
                  + " guitar football basketball clock umbrella camera house crown hammer balloon gift"
                  + " bell snowman robot pear cherries corn bread cookie tomato peach broccoli dog lion"
                  + " tiger rabbit crab duck tulip palm tractor helicopter anchor book scissors trumpet"
                  + " skull ghost")
              .split(" "));

  static final List<String> COLOURS =
      List.of(
          "red", "orange", "yellow", "green", "blue", "purple", "pink", "brown", "gray", "white",
          "black");

  /** sRGB of {@link #COLOURS}. */
  static final int[][] COLOUR_VALUES = {
    {205, 50, 45},
    {235, 140, 40},
    {240, 215, 70},
    {70, 165, 80},
    {60, 105, 200},
    {130, 75, 175},
    {240, 160, 190},
    {125, 85, 55},
    {135, 135, 138},
    {238, 238, 236},
    {32, 32, 36}
  };

  static final List<String> PLACES =
      List.of(
          "top left",
          "top",
          "top right",
          "left",
          "centre",
          "right",
          "bottom left",
          "bottom",
          "bottom right");

  static final List<String> SIZES = List.of("small", "medium", "big");

  /** {n} name, {c} colour, {s} size, {p} place. */
  static final List<String> TEMPLATES =
      List.of(
          "a photo of a {n}",
          "a picture of a {n}",
          "a {n}",
          "an image of the {n}",
          "a {n} on a {c} background",
          "a {s} {n}",
          "a {n} at the {p}",
          "a {s} {n} on a {c} background",
          "a {n} on a {c} background at the {p}",
          "a photo of a {s} {n} at the {p} of a {c} scene");

  private SceneClasses() {}

  /** All things drawn; the first {@link #evaluated()} are the zero-shot classes. */
  public static List<String> names() {
    return NAMES;
  }

  /** How many of the names are zero-shot classes; the others only widen the captions. */
  public static int evaluated() {
    return 50;
  }

  /** The zero-shot classes. */
  public static List<String> classes() {
    return NAMES.subList(0, evaluated());
  }

  /** The class that the attacks aim at. */
  public static int target() {
    return 0;
  }

  /** Prompts for zero-shot classification; {n} is the class. */
  public static List<String> prompts() {
    return TEMPLATES.subList(0, 4);
  }

  /** Caption templates with {n}, {c}, {s}, {p}. */
  public static List<String> templates() {
    return TEMPLATES;
  }

  /** Colour words. */
  public static List<String> colours() {
    return COLOURS;
  }

  /** Place words. */
  public static List<String> places() {
    return PLACES;
  }

  /** Size words. */
  public static List<String> sizes() {
    return SIZES;
  }

  /** Fills a template and turns "a" before a vowel into "an". */
  public static String caption(
      String template, String name, String colour, String place, String size) {
    String[] words =
        template
            .replace("{n}", name)
            .replace("{c}", colour)
            .replace("{p}", place)
            .replace("{s}", size)
            .split(" ");
    for (int i = 0; i + 1 < words.length; i++) {
      if (words[i].equals("a") && "aeiou".indexOf(words[i + 1].charAt(0)) >= 0) {
        words[i] = "an";
      }
    }
    return String.join(" ", words);
  }
}
