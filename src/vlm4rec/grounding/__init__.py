"""Having a large vision-language model write down what each photo shows."""
